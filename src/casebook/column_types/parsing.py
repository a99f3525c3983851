"""Parsing of raw tables: the same for whole files and for single rows of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from casebook.column_types.column_type import InvalidTableError, distinct, spread
from casebook.column_types.kinds import COLUMN_TYPES, Kind
from casebook.compute.threads import map_in_threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "InvalidTableError",
    "Kind",
    "check_columns",
    "conform_table",
    "convert",
    "distinct",
    "refuse_repeated_columns",
    "spread",
]


def conform_table(table: pd.DataFrame, kinds: Mapping[str, Kind], name: str) -> pd.DataFrame:
    """Validate a raw table's columns and parse them as their declared types.

    Args:
        table: raw values of the file or request, as text or already typed.
        kinds: the declared columns, in the order of the result.
        name: what to call the table in errors, e.g. `act_train.csv`.

    Returns:
        The declared columns: `text` as category (or `str` when every value differs), `date` as datetime64[s], `flag`
        as boolean (object with None where null), `number` as float64 (int64 when whole and never null), `string` as it
        is and `image` as arrays.

    Raises:
        InvalidTableError: a column is missing or unknown, the table has no rows, or a value has the wrong form.
    """
    check_columns(table, kinds, name)
    if len(table) == 0:
        raise InvalidTableError(f"{name} has a header but no rows; put the complete file there")
    converted = map_in_threads(lambda item: convert(table[item[0]], item[1], name), kinds.items(), len(table))
    return pd.DataFrame(dict(zip(kinds, converted, strict=True)), copy=False)


def refuse_repeated_columns(columns: Iterable[object], name: str) -> None:
    """Refuse columns of one name, which no reader can tell apart; blanks around it and its case make no other name.

    Raises:
        InvalidTableError: names the file, the columns and their places.
    """
    places: dict[str, list[tuple[int, str]]] = {}
    for place, column in enumerate(map(str, columns), 1):
        places.setdefault(column.strip().casefold(), []).append((place, column))
    for same in places.values():
        if len(same) > 1:
            names = " and ".join(dict.fromkeys(repr(column) for _, column in same))
            numbers = " and ".join(str(place) for place, _ in same)
            raise InvalidTableError(
                f"{name} has the column {names} {len(same)} times, in places {numbers}; keep one of them or rename the "
                "others"
            )


def check_columns(table: pd.DataFrame, kinds: Mapping[str, Kind], name: str) -> None:
    """Refuse a table whose columns are not the declared ones (in any order, each once)."""
    if table.columns.has_duplicates:
        refuse_repeated_columns(table.columns, name)
    missing = [column for column in kinds if column not in table.columns]
    unknown = [str(column) for column in table.columns if column not in kinds]
    if missing:
        there = ", ".join(map(str, table.columns))
        raise InvalidTableError(
            f"{name} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has {there}"
        )
    if unknown:
        raise InvalidTableError(f"{name} has columns that nothing is known of: {', '.join(unknown)}; remove them")


def convert(column: pd.Series, kind: Kind, name: str) -> pd.Series:
    """Parse one column of the table called `name` as its declared type; see `conform_table`."""
    return COLUMN_TYPES[kind].parse_column(column, f"{name}, column {column.name}")
