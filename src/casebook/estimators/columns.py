"""What the columns of a frame are: declared where the caller says so, else inferred as `casebook init` does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.config.schema.table_declaration import DataParameters
from casebook.data.name_lookup import describe_unknown
from casebook.data.row_description import JoinedColumn, describe_inputs
from casebook.estimators.settings import to_plain, validate_parameters
from casebook.schema_inference.declaration import declare_type, states_type
from casebook.schema_inference.infer import infer_columns
from casebook.schema_inference.reading import RawTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.preprocessing.row_schema import RowSchema
    from casebook.schema_inference.schema import Column

ROWS = "rows"
# Of the inferred roles, those whose columns are left out; the others say how rows are split, which the caller does.
LEFT_OUT = ("ignore", "key")


@dataclass(frozen=True)
class FrameColumns:
    """The columns of a frame.

    Attributes:
        schema: of those that features are made of.
        ignored: the others, with the reason.
    """

    schema: RowSchema
    ignored: Mapping[str, str]


def describe_columns(
    frame: pd.DataFrame, said: Mapping[str, Any] | None, estimator: str, *, named: bool
) -> FrameColumns:
    """Work out the columns of a frame and the features that are made of them.

    Args:
        frame: the rows of a fit, with names that are texts.
        said: by name what the caller says of a column, with the keys of `data.columns` of a declared case.
        estimator: what to call it in errors.
        named: whether the columns have names of their own. Those of an array have none, and are features all.

    Raises:
        ValueError: a column that is spoken of is not there, a declaration is not allowed, or no feature is left.
    """
    declared = _read_declared(frame, said or {}, estimator)
    inferred = {
        name: column
        for name, column in infer_columns(RawTable(ROWS, Path("X"), None, frame)).items()
        if name not in declared.columns
    }
    ignored = {name: column.role.why for name, column in inferred.items() if named and column.role.role in LEFT_OUT}
    guesses = {name: _declare(column, ignored) for name, column in inferred.items()}
    data = DataParameters.model_validate(
        {"tables": {ROWS: {"file": "X"}}, "columns": {name: block for name, block in guesses.items() if block}}
    )
    data = data.model_copy(update={"columns": {**data.columns, **declared.columns}})
    schema = describe_inputs({ROWS: frame}, {name: JoinedColumn(ROWS, name) for name in map(str, frame.columns)}, data)
    if not schema.features:
        why = "; ".join(f"{name}: {reason or 'empty'}" for name, reason in ignored.items()) or "all are empty"
        raise ValueError(f"no column of X can be a feature ({why}); say otherwise with columns={{name: {{}}}}")
    # A level that only rows to predict have is no feature's rank, but no reason to refuse them either: a fold of rows
    # need not hold all levels.
    lenient = {name: "category" for name, column in inferred.items() if column.type.order and not column.data.order}
    kinds = {name: lenient.get(name, kind) for name, kind in schema.columns.items()}
    return FrameColumns(replace(schema, columns=kinds, carried=()), ignored)


def _read_declared(frame: pd.DataFrame, said: Mapping[str, Any], estimator: str) -> DataParameters:
    for name in said:
        if name not in frame.columns:
            raise ValueError(f"{estimator}.columns: {describe_unknown('column in X', name, list(frame.columns))}")
    tree = {"tables": {ROWS: {"file": "X"}}, "columns": to_plain(dict(said))}
    return validate_parameters(DataParameters, estimator, tree)


def _declare(column: Column, ignored: Mapping[str, str]) -> dict[str, Any]:
    if column.data.name in ignored:
        return {"role": "ignore"}
    return declare_type(column) if states_type(column) else {}
