"""One column as its distinct values and the rows that hold each: what types, roles and evidence are inferred from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from casebook.column_types.column_type import NULL_TEXTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LARGEST_WHOLE = 2**53
# Of Parquet, by Python's types; looked for in the first rows.
UNREAD, UNREAD_ROWS = (list, dict, tuple, set, bytes, np.ndarray, timedelta, time), 1000


@dataclass(frozen=True)
class ColumnValues:
    """A column's distinct values, each looked at once.

    Attributes:
        name: of the column.
        codes: int of shape (rows,), the place of each row's value, -1 for null.
        distinct: its values, as they stand in the file: texts, or what a typed file holds.
        decimal: sign before the fraction of numbers that are texts.
        coded: whether a typed table says that these numbers are categories.
        order: all categories of a typed table's ordered category, the least first.
        unread: what its values are, where a run cannot read them: durations, lists.
    """

    name: str
    codes: np.ndarray
    distinct: pd.Index
    decimal: str = "."
    coded: bool = False
    order: tuple[str, ...] = ()
    unread: str = ""

    @classmethod
    def of(cls, column: pd.Series, decimal: str = ".") -> ColumnValues:
        """Split a column into codes and distinct values; texts of blanks, or of blanks around NA, are null."""
        codes, values = _factorize(column)
        values = pd.Index(values)
        if _is_text(values):
            stripped = pd.Index(values.astype("str").str.strip())
            padded = stripped != values
            if padded.any() or (stripped == "").any():
                places, values = pd.factorize(stripped.where(~(padded & stripped.isin(NULL_TEXTS)), ""))
                kept = np.flatnonzero(values != "")
                moved = np.full(len(values) + 1, -1)
                moved[kept] = np.arange(len(kept))
                codes, values = moved[np.append(places, -1)[codes]], values[kept]
        coded, order = _read_dtype(column.dtype)
        return cls(str(column.name), codes, values, decimal, coded, order, _find_unread(column))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows of each distinct value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.distinct))

    @property
    def nulls(self) -> int:
        """Rows without a value."""
        return int((self.codes < 0).sum())

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return len(self) - self.nulls

    @property
    def is_unique(self) -> bool:
        """Whether no value stands in two rows."""
        return 0 < self.filled == len(self.distinct)

    @cached_property
    def is_text(self) -> bool:
        """Whether the values are texts."""
        return _is_text(self.distinct)

    @cached_property
    def texts(self) -> list[str]:
        """The distinct values as they are written."""
        return [str(value) for value in self.distinct.tolist()]

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The distinct values as numbers; none where one of them is no number."""
        parsed = self.parsed_numbers
        return None if np.isnan(parsed).any() or not len(parsed) or self.holds_codes else parsed

    @cached_property
    def parsed_numbers(self) -> np.ndarray:
        """The distinct values as numbers, NaN where one is none; booleans are none."""
        if not self.is_text:
            if self.distinct.dtype.kind in "iuf":
                return self.distinct.to_numpy(np.float64)
            # Decimals, or what a spreadsheet mixes.
            return pd.to_numeric(pd.Series(self.texts), errors="coerce").to_numpy(np.float64)
        texts = self.distinct.str.replace(self.decimal, ".", regex=False) if self.decimal != "." else self.distinct
        try:
            numbers = pc.cast(pa.array(texts, pa.string()), pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            numbers = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(np.float64)
        return np.where(np.isfinite(numbers), numbers, np.nan)

    @cached_property
    def holds_codes(self) -> bool:
        """Whether digits are codes, which a number would spoil: 00501."""
        return self.is_text and any(len(text) > 1 and text[0] == "0" and text.isdecimal() for text in self.texts)

    @cached_property
    def is_whole(self) -> bool:
        """Whether all values are whole numbers."""
        numbers = self.numbers
        return numbers is not None and bool(((numbers == np.round(numbers)) & (np.abs(numbers) < LARGEST_WHOLE)).all())

    def by_row(self, values: np.ndarray | Sequence[float], null: float = np.nan) -> np.ndarray:
        """Repeat a number of each distinct value for the rows that hold it."""
        spread: np.ndarray = np.append(np.asarray(values, dtype=np.float64), null)[self.codes]
        return spread

    def drop(self, labels: Collection[str]) -> ColumnValues:
        """Return the column with null in place of some of its values, as they are written."""
        kept = np.flatnonzero([text not in labels for text in self.texts])
        moved = np.full(len(self.distinct) + 1, -1)
        moved[kept] = np.arange(len(kept))
        return replace(self, codes=moved[self.codes], distinct=self.distinct[kept])

    def take(self, rows: np.ndarray) -> ColumnValues:
        """Return the column of some rows; -1 stands for a row without a partner in a joined table."""
        return replace(self, codes=np.append(self.codes, -1)[rows])

    def rename(self, name: str) -> ColumnValues:
        """Return the column under another name."""
        return replace(self, name=name)

    def first_rows(self, wrong: np.ndarray, shown: int = 3) -> str:
        """Write the first rows that hold one of some distinct values, as `4, 17, 20`, counted from 1."""
        rows = np.flatnonzero(np.append(wrong, False)[self.codes])
        return ", ".join(str(row + 1) for row in rows[:shown])


def _is_text(values: pd.Index) -> bool:
    if isinstance(values.dtype, pd.StringDtype):
        return True
    return values.dtype == object and all(isinstance(value, str) for value in values[:1000])


def _find_unread(column: pd.Series) -> str:
    """Name what a column of Parquet holds that a run cannot read; empty where it can."""
    if column.dtype.kind == "m":
        return "timedelta64"
    first = (
        next((value for value in column.head(UNREAD_ROWS) if value is not None), None) if column.dtype == object else ""
    )
    return type(first).__name__ if isinstance(first, UNREAD) else ""


def _read_dtype(dtype: object) -> tuple[bool, tuple[str, ...]]:
    """Return what a dtype says of its categories: whether they are numbers that are codes, and their order.

    Texts that are read from a file as a dictionary are no such statement.
    """
    if not isinstance(dtype, pd.CategoricalDtype):
        return False, ()
    order = tuple(map(str, dtype.categories)) if dtype.ordered else ()
    return dtype.categories.dtype.kind in "iuf", order


def _factorize(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories()
        return used.cat.codes.to_numpy(), used.cat.categories
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "date":
        # Days of Parquet come as Python's.
        column = pd.to_datetime(column)
    try:
        codes, values = pd.factorize(column)
    except TypeError:
        codes, values = pd.factorize(column.map(str, na_action="ignore"))
    return codes, pd.Index(values)
