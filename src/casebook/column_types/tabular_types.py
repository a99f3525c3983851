"""Column types of tabular data: texts, days, flags and numbers; see `kinds` for their grammar."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from casebook.column_types.column_type import (
    NULL_TEXTS,
    ColumnType,
    InvalidValueError,
    objects,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
DAY = re.compile(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s].*)?", re.ASCII | re.DOTALL)
# Above 2^53 a float no longer holds every whole number.
LARGEST_EXACT_INTEGER = 2**53


class TextType(ColumnType):
    """Categories and ids; parsed into a category of texts, or `str` where the column is one already."""

    expected = "a text"
    certain = frozenset({str, type(None), int})
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "null"]}

    def parse_value(self, value: Any) -> str | None:  # noqa: ANN401
        """Parse a single value; most are texts already."""
        return value if type(value) is str and value not in NULL_TEXTS else super().parse_value(value)

    def read(self, value: Any) -> str:  # noqa: ANN401
        """Parse a text, or the digits of a whole number."""
        if isinstance(value, str):
            return value
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            return str(int(value))
        if isinstance(value, float | np.floating | Decimal):
            number = float(value)
            if abs(number) < LARGEST_EXACT_INTEGER and number == value and number.is_integer():
                return str(int(number))
        raise InvalidValueError

    def is_certain(self, column: pd.Series) -> bool:
        """Return whether all values are texts."""
        dtype = column.cat.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
        return isinstance(dtype, pd.StringDtype)

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column; texts stay as they are (ids that differ in every row are not worth a dictionary)."""
        return _without_null_texts(column) if self.is_certain(column) else super().parse_column(column, place)

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Build a categorical column."""
        texts = spread(codes, np.array(parsed, dtype=object), None)
        return pd.Series(texts, column.index, dtype="str", name=column.name).astype("category")

    def pack(self, values: Sequence[Any]) -> pd.Categorical:
        """Convert texts to categories, whose distinct values are then parsed once."""
        return categorise(values, self.read, self.is_missing)


class DateType(ColumnType):
    """Days; parsed into datetime64[s].

    Training, files to predict and requests read ISO dates here alone; a declared form beside it: `declared_times`.
    """

    expected = "a date like 2023-08-26"
    blanks_are_null = True
    certain = frozenset({date, datetime, type(None)})
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "null"], "format": "date"}

    def read(self, value: Any) -> date:  # noqa: ANN401
        """Parse a day; a time behind it is dropped."""
        if isinstance(value, str):
            # The most usual spelling, in a tenth of the time.
            if len(value) == 10 and value[4] == value[7] == "-" and value[8:].isdigit() and value.isascii():
                return date.fromisoformat(value)
            found = DAY.fullmatch(value)
            if found:
                return date(*map(int, found.groups()))
        elif isinstance(value, datetime):
            return value.date()
        elif isinstance(value, date):
            return value
        raise InvalidValueError

    def is_certain(self, column: pd.Series) -> bool:
        """Return whether all values are days or times."""
        return pd.api.types.is_datetime64_any_dtype(column)

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column; the day is the one of the time zone in which it is given."""
        if not self.is_certain(column):
            return super().parse_column(column, place)
        days: pd.Series = column.dt.tz_localize(None).dt.normalize().astype("datetime64[s]")
        return days

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Build a column of days of whole seconds."""
        days = np.array(parsed, dtype="datetime64[D]").astype("datetime64[s]")
        return pd.Series(spread(codes, days, np.datetime64("NaT")), column.index, name=column.name)

    def pack(self, values: Sequence[Any]) -> pd.Categorical:
        """Convert days to categories, whose distinct values are then parsed once."""
        return categorise(values, lambda value: self.read(value).isoformat(), self.is_missing)


class FlagType(ColumnType):
    """Booleans; parsed into bool, or into objects with None where one is null."""

    expected = "true or false"
    blanks_are_null = True
    certain = frozenset({bool, np.bool_, type(None)})
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["boolean", "null"]}

    def parse_value(self, value: Any) -> bool | None:  # noqa: ANN401
        """Parse a single value; most are booleans already."""
        return value if type(value) is bool else super().parse_value(value)

    def read(self, value: Any) -> bool:  # noqa: ANN401
        """Parse a boolean in any of its spellings."""
        if isinstance(value, bool | int | float | str | np.generic):
            found = FLAGS.get(str(value).strip().lower())
            if found is not None:
                return found
        raise InvalidValueError

    def is_certain(self, column: pd.Series) -> bool:
        """Return whether all values are booleans."""
        return column.dtype == bool

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column; booleans stay as they are."""
        return column if self.is_certain(column) else super().parse_column(column, place)

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Make booleans, with None for null."""
        if (codes >= 0).all() and None not in parsed:
            return pd.Series(np.array(parsed, dtype=bool)[codes], column.index, name=column.name)
        return pd.Series(spread(codes, np.array(parsed, dtype=object), None), column.index, object, column.name)

    def pack(self, values: Sequence[Any]) -> pd.Series | np.ndarray:
        """Convert booleans to a boolean column."""
        return np.array(values, dtype=bool) if set(map(type, values)) == {bool} else objects(values)


class NumberType(ColumnType):
    """Numbers; parsed into int64 when all are whole and none is null, else into float64 with NaN."""

    expected = "a number"
    blanks_are_null = True
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["number", "null"]}
    null = nan

    def parse_value(self, value: Any) -> float:  # noqa: ANN401
        """Parse a single value; most are numbers already."""
        return value if type(value) is float and isfinite(value) else super().parse_value(value)

    def read(self, value: Any) -> float:  # noqa: ANN401
        """Parse a finite number."""
        if isinstance(value, str):
            if not NUMBER.fullmatch(value):
                raise InvalidValueError
        elif isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating | Decimal):
            raise InvalidValueError
        try:
            number = float(value)
        except OverflowError:
            raise InvalidValueError from None
        if not isfinite(number):
            raise InvalidValueError
        return number

    def is_certain(self, column: pd.Series) -> bool:
        """Return whether all values are whole numbers, of which none is infinite."""
        return column.dtype.kind in "iu"

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column."""
        if column.dtype.kind in "iuf":
            numbers = column.to_numpy(np.float64, na_value=np.nan)
            self._refuse(column, np.arange(len(numbers)), np.isinf(numbers), place)
            return self._narrow(column, numbers)
        return super().parse_column(column, place)

    def parse_distinct(self, values: pd.Index) -> tuple[Sequence[Any] | np.ndarray, np.ndarray]:
        """Parse texts at once where all are numbers; Arrow rounds as Python does, and takes no more but infinity."""
        if isinstance(values.dtype, pd.StringDtype):
            try:
                numbers = pc.cast(pa.array(values, pa.string()), pa.float64()).to_numpy(zero_copy_only=False)
            except pa.ArrowInvalid:
                return super().parse_distinct(values)
            if np.isfinite(numbers).all():
                return numbers, np.zeros(len(numbers), dtype=bool)
        return super().parse_distinct(values)

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Build a column of numbers."""
        numbers = np.asarray(parsed, dtype=np.float64)
        if len(codes) and codes.min() >= 0 and _are_whole(numbers):
            return pd.Series(spread(codes, numbers.astype(np.int64), 0), column.index, name=column.name)
        return self._narrow(column, spread(codes, numbers, np.nan))

    def pack(self, values: Sequence[Any]) -> pd.Series | np.ndarray:
        """Convert plain numbers to a numeric column."""
        return np.array(values, dtype=np.float64) if set(map(type, values)) <= {int, float} else objects(values)

    def _narrow(self, column: pd.Series, numbers: np.ndarray) -> pd.Series:
        narrowed = numbers.astype(np.int64) if _are_whole(numbers) else numbers
        return pd.Series(narrowed, column.index, name=column.name)


def _are_whole(numbers: np.ndarray) -> bool:
    """Return whether all are whole numbers that an int64 holds as exactly; none is, where one is missing."""
    return not np.isnan(numbers).any() and bool(
        ((numbers == np.round(numbers)) & (np.abs(numbers) < LARGEST_EXACT_INTEGER)).all()
    )


def _without_null_texts(texts: pd.Series) -> pd.Series:
    """Make nulls of the texts that stand for null in a CSV file, where there are any."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        found = [value for value in texts.cat.categories if value in NULL_TEXTS]
        return texts.cat.remove_categories(found) if found else texts
    null = texts.isin(NULL_TEXTS)
    return texts.mask(null) if null.any() else texts


def categorise(values: Sequence[Any], write: Callable[[Any], str], is_missing: Callable[[Any], bool]) -> pd.Categorical:
    """Build categories of valid values; each distinct one is converted to text once."""
    places: dict[str, int] = {}
    codes = {v: -1 if is_missing(v) else places.setdefault(write(v), len(places)) for v in dict.fromkeys(values)}
    by_row = np.fromiter(map(codes.__getitem__, values), np.int32, len(values))
    return pd.Categorical.from_codes(by_row, pd.Index(places, dtype="str"), validate=False)
