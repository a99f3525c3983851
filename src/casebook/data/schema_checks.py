"""Validation of a typed table against a Pandera schema, with errors that a user can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from casebook.column_types.kinds import COLUMN_TYPES
from casebook.column_types.labels import LabelType
from casebook.column_types.parsing import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandera.errors import SchemaErrors
    from pandera.pandas import DataFrameSchema

    from casebook.column_types.kinds import Kind


def check_table(table: pd.DataFrame, schema: DataFrameSchema, name: str) -> pd.DataFrame:
    """Validate a typed table against its schema.

    Returns:
        The same table.

    Raises:
        InvalidTableError: names the file, each failing column, the rule, the count and the first value and row.
    """
    from pandera.errors import SchemaErrors

    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        raise InvalidTableError(describe_failures(errors, name)) from None
    return table


def refuse_one_class(table: pd.DataFrame, target: str, name: str) -> None:
    """Refuse a labelled table whose target has a single value, from which nothing can be learnt.

    Raises:
        InvalidTableError: names the file and the value.
    """
    if table[target].nunique() < 2:
        only = table[target].iloc[0]
        raise InvalidTableError(f"{name}, column {target}: every row is {only}; both classes are needed to learn from")


def read_targets(
    column: pd.Series,
    name: str,
    classes: int,
    labels: Mapping[str, int],
    kind: Kind = "number",
) -> pd.Series:
    """Read targets that arrive apart from their rows as those of labelled rows are read.

    Args:
        column: raw values.
        name: of the file, for errors.
        classes: how many there are; 0 for numbers.
        labels: declared names of the classes; see `column_types.labels`.
        kind: of the numbers; see `cases.Case`.

    Returns:
        Numbers, NaN where a value is null.

    Raises:
        InvalidTableError: names the file, the column, the count and the first value and row.
    """
    target = str(column.name)
    target_type = LabelType(classes, labels) if classes else COLUMN_TYPES[kind]
    return target_type.parse_column(column, f"{name}, column {target}")


def describe_failures(errors: SchemaErrors, name: str) -> str:
    """Describe failures in one line for each rule."""
    cases = errors.failure_cases
    lines = []
    for (column, rule), rows in cases.groupby(["column", "check"], sort=False, dropna=False):
        words = RULES.get(rule, rule)
        first = rows.iloc[0]
        wrong, row = str(first["failure_case"]), first["index"]
        place = "" if pd.isna(row) else f", first {wrong!r} in data row {int(row) + 1}"
        lines.append(f"{name}, column {column}: {words} ({len(rows)} rows{place}); mend the file")
    return "\n".join(lines)


RULES = {"not_nullable": "must not be empty", "field_uniqueness": "must not hold a value twice"}
