"""Typing of raw columns: the same conversion for whole files and for single rows sent to a model.

Every conversion works on the distinct values of a column and spreads the result over the rows, so that a column of two
million dates costs as much as its four hundred different days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from casebook.compute.threads import map_in_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["text", "date", "flag", "number", "string", "image"]

FLAGS = {"true": 1, "false": 0, "1": 1, "0": 0, "1.0": 1, "0.0": 0}


class InvalidTableError(ValueError):
    """A raw table does not hold what its case declares; the message names the table, the column and the remedy."""


def distinct(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Split a column into integer codes (-1 for null) and its distinct values.

    Returns:
        codes of shape (rows,) and the values that they index.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories
    codes, values = pd.factorize(column)
    return codes, pd.Index(values)


def spread(codes: np.ndarray, values: np.ndarray, null: object) -> np.ndarray:
    """Give every row the value of its code, and `null` to the rows without one.

    Returns:
        Array of shape (rows,) with the dtype of `values`.
    """
    by_row: np.ndarray = np.append(values, np.asarray([null], dtype=values.dtype))[codes]
    return by_row


def conform_table(table: pd.DataFrame, kinds: Mapping[str, Kind], name: str) -> pd.DataFrame:
    """Check a raw table's columns and give them their declared types.

    Args:
        table: raw values as they stand in the file or request, text or already typed.
        kinds: the declared columns, in the order of the result.
        name: what to call the table in errors, e.g. `act_train.csv`.

    Returns:
        The declared columns: `text` as category (or `str` when every value differs), `date` as datetime64[s], `flag`
        as boolean (object with None where null), `number` as float64 (int64 when whole and never null), `string` and
        `image` as they are.

    Raises:
        InvalidTableError: a column is missing or unknown, the table has no rows, or a value has the wrong form.
    """
    check_columns(table, kinds, name)
    if len(table) == 0:
        raise InvalidTableError(f"{name} has a header but no rows; put the complete file there")
    converted = map_in_threads(lambda item: convert(table[item[0]], item[1], name), kinds.items(), len(table))
    return pd.DataFrame(dict(zip(kinds, converted, strict=True)), copy=False)


def check_columns(table: pd.DataFrame, kinds: Mapping[str, Kind], name: str) -> None:
    """Refuse a table whose columns are not the declared ones (in any order)."""
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
    """Give one column its declared type; see `conform_table`."""
    return CONVERSIONS[kind](column, name)


def convert_text(column: pd.Series, _name: str) -> pd.Series:
    """Keep text as category, or as plain strings where it already is (ids that differ in every row)."""
    if isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype):
        return column
    texts: pd.Series = column.astype("str").where(column.notna()).astype("category")
    return texts


def convert_dates(column: pd.Series, name: str) -> pd.Series:
    """Parse days written YYYY-MM-DD (a time behind them is dropped)."""
    if pd.api.types.is_datetime64_any_dtype(column):
        days: pd.Series = column.dt.tz_localize(None).dt.normalize().astype("datetime64[s]")
        return days
    codes, values = distinct(column)
    texts = pd.Series(values.astype("str"), dtype="str").str.replace(r"[T ].*$", "", regex=True)
    parsed = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
    _refuse(column, codes, values, parsed.isna().to_numpy(), f"{name}, column {column.name}", "a date like 2023-08-26")
    return pd.Series(
        spread(codes, parsed.to_numpy("datetime64[s]"), np.datetime64("NaT")), column.index, name=column.name
    )


def convert_flags(column: pd.Series, name: str) -> pd.Series:
    """Parse True/False (or 1/0) into booleans; nulls stay None."""
    if pd.api.types.is_bool_dtype(column):
        return column
    codes, values = distinct(column)
    flags = np.array([FLAGS.get(str(value).strip().lower(), -1) for value in values], dtype=np.int8)
    _refuse(column, codes, values, flags < 0, f"{name}, column {column.name}", "True or False")
    by_row = spread(codes, flags, -1)
    if (by_row >= 0).all():
        return pd.Series(by_row.astype(bool), column.index, name=column.name)
    return pd.Series(by_row, column.index, name=column.name).astype(object).map({0: False, 1: True, -1: None})


def convert_numbers(column: pd.Series, name: str) -> pd.Series:
    """Parse numbers; whole columns become int64, columns with nulls or fractions float64."""
    codes, values = distinct(column)
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(np.float64)
    _refuse(column, codes, values, ~np.isfinite(numbers), f"{name}, column {column.name}", "a number")
    by_row = spread(codes, numbers, np.nan)
    # Above 2^53 a float no longer holds every whole number.
    whole = not np.isnan(by_row).any() and bool(((by_row == np.round(by_row)) & (np.abs(by_row) < 2**53)).all())
    return pd.Series(by_row.astype(np.int64) if whole else by_row, column.index, name=column.name)


def keep_as_is(column: pd.Series, _name: str) -> pd.Series:
    """Keep texts and images, whose own preprocessing reads and checks them."""
    return column


CONVERSIONS: dict[Kind, Callable[[pd.Series, str], pd.Series]] = {
    "string": keep_as_is,
    "image": keep_as_is,
    "text": convert_text,
    "date": convert_dates,
    "flag": convert_flags,
    "number": convert_numbers,
}


def _refuse(
    column: pd.Series, codes: np.ndarray, values: pd.Index, wrong: np.ndarray, place: str, expected: str
) -> None:
    """Raise when a distinct value that really occurs is wrong, with the count and the first place."""
    bad_rows = np.flatnonzero(np.append(wrong, False)[codes])
    if len(bad_rows):
        value = values[codes[bad_rows[0]]]
        raise InvalidTableError(
            f"{place}: {str(value)!r} is not {expected} ({len(bad_rows)} of {len(column)} rows, "
            f"first in data row {bad_rows[0] + 1}); mend the file"
        )
