"""From the bytes of a request to raw rows: MLflow's JSON forms, each refused with a reason where it cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.invalid_values import InvalidValue, find_invalid
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.inference.predictions import check_threshold
from casebook.serving.wire import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.column_types.kinds import Kind

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
MOST_FAULTS = 20

Columns = dict[str, list[Any]]


class BadRequestError(ValueError):
    """A request that cannot be answered.

    Attributes:
        status: of the answer.
        faults: rows and columns to blame, where they are known.
    """

    def __init__(self, message: str, faults: Sequence[InvalidValue] = (), status: int = 400) -> None:
        """Keep the reasons."""
        super().__init__(message)
        self.faults = faults
        self.status = status


@dataclass(frozen=True)
class RequestSchema:
    """The columns that a model takes: their kinds, and which of them a row may lack."""

    kinds: Mapping[str, Kind]
    optional: frozenset[str] = field(default_factory=frozenset)
    takes_threshold: bool = True


@dataclass(frozen=True)
class RowsRequest:
    """What a request asks for.

    Attributes:
        columns: raw values, a list a column; those columns that the model takes, but any values.
        kinds: of the columns.
        threshold: of class 1, None for the model's own.
    """

    columns: Columns
    kinds: Mapping[str, Kind]
    threshold: float | None = None

    def to_table(self) -> pd.DataFrame:
        """Check the values and make a table of them.

        Raises:
            BadRequestError: some do not have the form of their column.
        """
        faults = [f for name, values in self.columns.items() for f in find_invalid(name, self.kinds[name], values)]
        if faults:
            faults.sort(key=lambda fault: fault.row)
            raise BadRequestError("some values do not have the form of their column", faults[:MOST_FAULTS])
        return frame_columns(self.columns, self.kinds)


def read_request(body: bytes, asked: RequestSchema) -> RowsRequest:
    """Read a request.

    Raises:
        BadRequestError: no JSON, none of the forms, or other columns.
    """
    content = read_json(body)
    if content is None:
        raise BadRequestError("the body is no JSON")
    form = _form_of(content)
    threshold = read_threshold(content.get("params"), asked.takes_threshold)
    columns = READERS[form](content[form])
    check_names(columns, asked)
    return RowsRequest(columns, asked.kinds, threshold)


def read_threshold(params: object, taken: bool) -> float | None:
    """Read `params`, which may hold a threshold and nothing else."""
    if params is None or params == {}:
        return None
    if not isinstance(params, dict) or set(params) != {"threshold"} or not taken:
        may = "may hold `threshold`" if taken else "takes nothing: this model has no threshold"
        raise BadRequestError(f"params {may}")
    try:
        threshold = check_threshold("binary", params["threshold"])
    except ValueError:
        threshold = None
    if threshold is None:
        raise BadRequestError("params.threshold must be a number from 0 to 1")
    return threshold


def check_names(columns: Columns, asked: RequestSchema) -> None:
    """Refuse rows that lack a column, have one that nothing is known of, or are none."""
    if not len(next(iter(columns.values()), [])):
        raise BadRequestError("there are no rows")
    unknown = [name for name in columns if name not in asked.kinds]
    if unknown:
        faults = [InvalidValue(0, str(name), "there is no such column") for name in unknown[:MOST_FAULTS]]
        raise BadRequestError("there are columns that the model does not know", faults)
    missing = [name for name in asked.kinds if name not in columns and name not in asked.optional]
    if missing:
        faults = [
            InvalidValue(0, name, "the column is missing; send null for a value that is not known") for name in missing
        ]
        raise BadRequestError("columns are missing", faults[:MOST_FAULTS])


def frame_columns(columns: Columns, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Make a table of checked values, each column in the form that is parsed fastest."""
    if len(next(iter(columns.values()))) == 1:
        return _frame_row(columns)
    return pd.DataFrame({name: COLUMN_TYPES[kinds[name]].pack(values) for name, values in columns.items()}, copy=False)


def _frame_row(columns: Columns) -> pd.DataFrame:
    """Make a table of one row as a single block, which is built ten times as fast as one block a column."""
    cells = np.empty((1, len(columns)), dtype=object)
    for place, values in enumerate(columns.values()):
        cells[0, place] = values[0]
    # Said outright: pandas would look through every column for texts.
    return pd.DataFrame(cells, columns=list(columns), dtype=object, copy=False)


def _form_of(content: object) -> str:
    if isinstance(content, dict):
        found = [form for form in FORMS if form in content]
        unknown = [str(name) for name in content if name not in (*FORMS, "params")]
        if len(found) == 1 and not unknown:
            return found[0]
    raise BadRequestError(f"give one of {', '.join(FORMS)}, and `params` if need be, in a JSON object")


def _read_split(split: object) -> Columns:
    """Read {"columns": [names], "data": [[values], ...]}; an `index` is not looked at."""
    if not isinstance(split, dict) or not set(split) <= {"columns", "data", "index"}:
        raise BadRequestError("dataframe_split is an object of `columns` and `data`")
    names, data = split.get("columns"), split.get("data")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequestError("dataframe_split.columns is a list of names")
    if len(set(names)) < len(names):
        raise BadRequestError("dataframe_split.columns has a name twice")
    if not isinstance(data, list):
        raise BadRequestError("dataframe_split.data is a list of rows")
    for row, values in enumerate(data):
        if not isinstance(values, list) or len(values) != len(names):
            raise BadRequestError(
                "rows do not fit the columns", [InvalidValue(row, "", f"is not a list of {len(names)} values")]
            )
    return dict(zip(names, map(list, zip(*data, strict=True)), strict=True)) if data else {name: [] for name in names}


def _read_records(records: object) -> Columns:
    """Read [{name: value, ...}, ...]; every row has the same names."""
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise BadRequestError("the rows are a list of objects, a name and a value for each column")
    if not records:
        return {}
    names = list(records[0])
    # Of one name it would give the value without a tuple around it.
    pick = itemgetter(*names) if len(names) > 1 else lambda record: tuple(record[name] for name in names)
    try:
        rows = list(map(pick, records))
    except KeyError:
        raise _differing_records(records) from None
    if set(map(len, records)) != {len(names)}:
        raise _differing_records(records)
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _differing_records(records: list[dict[str, Any]]) -> BadRequestError:
    """Name the first row whose columns are not those of the first."""
    row, differing = next(
        (row, differing)
        for row, record in enumerate(records)
        if (differing := sorted(record.keys() ^ records[0].keys()))
    )
    reason = "is in this row or in the first, but not in both"
    faults = [InvalidValue(row, name, reason) for name in differing[:MOST_FAULTS]]
    return BadRequestError("every row needs the same columns", faults)


def _read_inputs(inputs: object) -> Columns:
    """Read {name: [values], ...}, {name: value, ...} for a single row, or rows as `_read_records` does."""
    if isinstance(inputs, list):
        return _read_records(inputs)
    if not isinstance(inputs, dict):
        raise BadRequestError("inputs is an object with a list of values for each column")
    if not any(isinstance(values, list) for values in inputs.values()):
        return {name: [value] for name, value in inputs.items()}
    for name, values in inputs.items():
        if not isinstance(values, list) or len(values) != len(next(iter(inputs.values()))):
            raise BadRequestError(
                "inputs needs lists of one length",
                [InvalidValue(0, str(name), "is no list as long as the first column's")],
            )
    return inputs


READERS = {
    "dataframe_split": _read_split,
    "dataframe_records": _read_records,
    "instances": _read_records,
    "inputs": _read_inputs,
}
