"""Request parsing: MLflow's JSON forms to raw rows, each refused with a reason where it is invalid.

Pydantic was measured: 10,000 records of redhat (54 columns, 13 MB) become a checked table in 0.39 s by
`TypeAdapter(list[TypedDict]).validate_json` with the grammar of `column_types` (strict types first, each other value by
a function), in 0.30 s here; it would read one of the four forms, and the server's goal is 30,000 rows/s on one core.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd

from casebook.column_types.invalid_values import InvalidValue, find_invalid
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.inference.predictions import check_threshold
from casebook.serving.doubled_keys import find_doubled_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.column_types.kinds import Kind

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
MAX_REPORTED_FAULTS = 20

Columns = dict[str, list[Any]]


class BadRequestError(ValueError):
    """An invalid request.

    Attributes:
        status: HTTP status of the response.
        faults: the invalid values by row and column, where they are known.
        reason: what is wrong in a word, by which refusals are counted: `form`, `params`, `columns`, `value`, `size`, or
            `model`, which cannot answer the row.
    """

    def __init__(
        self, message: str, faults: Sequence[InvalidValue] = (), status: int = 400, reason: str = "form"
    ) -> None:
        """Store the status, the invalid values and the reason."""
        super().__init__(message)
        self.faults = faults
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class RequestSchema:
    """Schema of a request: the columns that a model takes, their types, and which are optional."""

    kinds: Mapping[str, Kind]
    optional: frozenset[str] = field(default_factory=frozenset)
    takes_threshold: bool = True


@dataclass(frozen=True)
class RowsRequest:
    """A parsed request.

    Attributes:
        columns: raw values, a list a column; the names are validated, the values not yet.
        kinds: of the columns.
        threshold: of class 1, None for the model's own.
    """

    columns: Columns
    kinds: Mapping[str, Kind]
    threshold: float | None = None

    def to_table(self) -> pd.DataFrame:
        """Validate the values and build a table of them.

        Raises:
            BadRequestError: some are invalid for the type of their column.
        """
        faults = [f for name, values in self.columns.items() for f in find_invalid(name, self.kinds[name], values)]
        if faults:
            faults.sort(key=lambda fault: fault.row)
            shown = faults[:MAX_REPORTED_FAULTS]
            raise BadRequestError("some values do not have the form of their column", shown, reason="value")
        return build_table(self.columns, self.kinds)


def read_request(body: bytes, schema: RequestSchema) -> RowsRequest:
    """Parse a request and validate its form and column names.

    Raises:
        BadRequestError: no JSON, none of the forms, or other columns.
    """
    try:
        content = orjson.loads(body)
    except ValueError:
        content = None
    if content is None:
        raise BadRequestError("the body is no JSON")
    form = _form_of(content)
    threshold = read_threshold(content.get("params"), schema.takes_threshold)
    columns = READERS[form](content[form])
    if twice := find_doubled_key(body, content):
        raise BadRequestError(f"the key {twice} stands twice in one object: send it once", reason="columns")
    validate_names(columns, schema)
    return RowsRequest(columns, schema.kinds, threshold)


def read_threshold(params: object, taken: bool) -> float | None:
    """Parse `params`, which may hold a threshold from 0 to 1 and nothing else.

    Raises:
        BadRequestError: it holds something else.
    """
    if params is None or params == {}:
        return None
    if not isinstance(params, dict) or set(params) != {"threshold"} or not taken:
        may = "may hold `threshold`" if taken else "takes nothing: this model has no threshold"
        raise BadRequestError(f"params {may}", reason="params")
    try:
        threshold = check_threshold("binary", params["threshold"])
    except ValueError:
        threshold = None
    if threshold is None:
        raise BadRequestError("params.threshold must be a number from 0 to 1", reason="params")
    return threshold


def validate_names(columns: Columns, schema: RequestSchema) -> None:
    """Validate the names of columns.

    Raises:
        BadRequestError: a column is missing or unknown, or there are no rows.
    """
    if not len(next(iter(columns.values()), [])):
        raise BadRequestError("no rows were given")
    unknown = [name for name in columns if name not in schema.kinds]
    if unknown:
        faults = [InvalidValue(0, str(name), "there is no such column") for name in unknown[:MAX_REPORTED_FAULTS]]
        raise BadRequestError("there are columns that the model does not know", faults, reason="columns")
    missing = [name for name in schema.kinds if name not in columns and name not in schema.optional]
    if missing:
        faults = [
            InvalidValue(0, name, "the column is missing; send null for a value that is not known") for name in missing
        ]
        raise BadRequestError("columns are missing", faults[:MAX_REPORTED_FAULTS], reason="columns")


def build_table(columns: Columns, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Build a table of validated values, each column with the dtype that is parsed fastest."""
    if len(next(iter(columns.values()))) == 1:
        return _build_row(columns)
    return pd.DataFrame({name: COLUMN_TYPES[kinds[name]].pack(values) for name, values in columns.items()}, copy=False)


def _build_row(columns: Columns) -> pd.DataFrame:
    """Build a table of one row as a single block, ten times as fast as one block a column."""
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
    """Parse {"columns": [names], "data": [[values], ...]}; an `index` is ignored."""
    if not isinstance(split, dict) or not set(split) <= {"columns", "data", "index"}:
        raise BadRequestError("dataframe_split is an object of `columns` and `data`")
    names, data = split.get("columns"), split.get("data")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequestError("dataframe_split.columns is a list of names")
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise BadRequestError(f"dataframe_split.columns has a name twice: {twice}; send each column once")
    if not isinstance(data, list):
        raise BadRequestError("dataframe_split.data is a list of rows")
    for row, values in enumerate(data):
        if not isinstance(values, list) or len(values) != len(names):
            raise BadRequestError(
                "rows do not fit the columns", [InvalidValue(row, "", f"is not a list of {len(names)} values")]
            )
    return dict(zip(names, map(list, zip(*data, strict=True)), strict=True)) if data else {name: [] for name in names}


def _read_records(records: object) -> Columns:
    """Parse [{name: value, ...}, ...]; every row has the same names."""
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
    """Return the error for the first row whose columns differ from those of row 0."""
    row, differing = next(
        (row, differing)
        for row, record in enumerate(records)
        if (differing := sorted(record.keys() ^ records[0].keys()))
    )
    reason = "is in this row or in the first, but not in both"
    faults = [InvalidValue(row, name, reason) for name in differing[:MAX_REPORTED_FAULTS]]
    return BadRequestError("every row needs the same columns", faults, reason="columns")


def _read_inputs(inputs: object) -> Columns:
    """Parse {name: [values], ...}, {name: value, ...} for a single row, or rows as `_read_records` does."""
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
