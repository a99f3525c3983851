"""Base class of raw column types: one grammar of values, for whole columns and for single values.

`ColumnType.parse_value` is that grammar. A column is parsed by parsing its distinct values once each and spreading them
over the rows, so that two million dates cost as much as their four hundred different days; a shorter way that a type
takes for a whole column accepts and yields the same.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_SHOWN_CHARACTERS = 60
NAT, NA = pd.NaT, pd.NA
BOOLEANS = frozenset({bool, np.bool_})
# The cells of a CSV file, besides empty ones, that Arrow reads as null: so are these texts wherever they stand.
NULL_TEXTS = frozenset({
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "N/A", "NA", "NULL",
    "NaN", "n/a", "nan", "null",
})  # fmt: skip


class InvalidTableError(ValueError):
    """A raw table does not hold what its case declares; the message names the table, the column and the remedy."""


class InvalidValueError(ValueError):
    """A value that is not of its column's type."""


class ColumnType:
    """A type of raw columns.

    Attributes:
        expected: what its values are, as in "'x' is not a number".
        nullable: whether a value may be null.
        certain: Python types all of whose values are valid.
        json_schema: of a value in a request, for OpenAPI.
        blanks_are_null: whether a text of nothing but blanks is null, as an empty cell of a CSV file is, and whether
            blanks around one that stands for null change nothing.
        remedy: what to do about a value that is none, in a file.
    """

    expected: str
    nullable: ClassVar[bool] = True
    blanks_are_null: ClassVar[bool] = False
    certain: ClassVar[frozenset[type]] = frozenset()
    json_schema: ClassVar[Mapping[str, Any]]
    remedy: str = "mend the file"
    # What a null becomes.
    null: ClassVar[Any] = None

    def read(self, value: Any) -> Any:  # noqa: ANN401 - whatever a file or request holds
        """Parse a value that is not null.

        Raises:
            ValueError: it is not of this type.
        """
        raise NotImplementedError

    def parse_value(self, value: Any) -> Any:  # noqa: ANN401
        """Parse a single value.

        Raises:
            ValueError: it is not of this type.
        """
        if not self.is_missing(value) or (type(value) is str and not self.nullable):
            return self.read(value)
        if self.nullable:
            return self.null
        raise InvalidValueError

    def is_missing(self, value: Any) -> bool:  # noqa: ANN401
        """Return whether a single value stands for null."""
        return is_blank_cell(value) if self.blanks_are_null else is_null_cell(value)

    def accepts(self, value: object) -> bool:
        """Return whether a column of this type can hold a value."""
        try:
            self.parse_value(value)
        except ValueError:
            return False
        return True

    def is_certain(self, column: pd.Series) -> bool:  # noqa: ARG002 - for types of which no value is certain
        """Return whether the dtype alone says that every value is valid."""
        return False

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column.

        Args:
            column: raw values, text or already typed.
            place: what to call it in errors, as in `act_train.csv, column date`.

        Raises:
            InvalidTableError: a value is not of this type; names the value, the count and the first row.
        """
        codes, values = distinct_of_type(column)
        parsed, wrong = self.parse_distinct(values)
        if not self.nullable:
            wrong = np.append(wrong, True)
        self._refuse(column, codes, wrong, place)
        return self.spread_parsed(column, codes, parsed)

    def parse_distinct(self, values: pd.Index) -> tuple[Sequence[Any] | np.ndarray, np.ndarray]:
        """Parse distinct values -> parsed values, and a mask of the invalid ones."""
        parsed: list[Any] = []
        wrong = np.zeros(len(values), dtype=bool)
        for place, value in enumerate(values.tolist()):
            try:
                parsed.append(self.parse_value(value))
            except ValueError:
                parsed.append(self.null)
                wrong[place] = True
        return parsed, wrong

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Build the column of parsed distinct values."""
        raise NotImplementedError

    def pack(self, values: Sequence[Any]) -> pd.Categorical | pd.Series | np.ndarray:
        """Convert valid values of a request to the form that `parse_column` parses fastest."""
        return objects(values)

    def _refuse(self, column: pd.Series, codes: np.ndarray, wrong: np.ndarray, place: str) -> None:
        """Raise when an occurring distinct value is invalid; the code -1 of nulls is the last of `wrong`."""
        if len(wrong) == 0 or not wrong.any():
            return
        by_value = wrong if not self.nullable else np.append(wrong, False)
        bad_rows = np.flatnonzero(by_value[codes])
        if len(bad_rows):
            shown = shorten(repr(str(column.iloc[bad_rows[0]])))
            raise InvalidTableError(
                f"{place}: {shown} is not {self.expected} ({len(bad_rows)} of {len(column)} rows, first in data row "
                f"{bad_rows[0] + 1}); {self.remedy}"
            )


def shorten(written: str) -> str:
    """Shorten a text for a line of an error message."""
    return f"{written[:MAX_SHOWN_CHARACTERS]}{'...' * (len(written) > MAX_SHOWN_CHARACTERS)}"


def is_null(value: Any) -> bool:  # noqa: ANN401
    """Return whether a single value is null: None, NaT, NA or NaN, which alone differs from itself."""
    # Looked up in pandas each time, the others would take as long as all the rest.
    if value is None or value is NAT or value is NA:
        return True
    if isinstance(value, float | np.floating):
        return bool(value != value)
    return isinstance(value, Decimal) and value.is_nan()


def is_null_cell(value: Any) -> bool:  # noqa: ANN401
    """Return whether a single value is null, or a text that stands for null in a CSV file."""
    return value in NULL_TEXTS if type(value) is str else is_null(value)


def is_blank_cell(value: Any) -> bool:  # noqa: ANN401
    """Return whether a value is null, blanks alone, or a text that stands for null, with blanks around or without."""
    if type(value) is not str:
        return is_null(value)
    text = value.strip()
    return not text or text in NULL_TEXTS


def distinct(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Factorize a column into integer codes (-1 for null) and its distinct values.

    Returns:
        codes of shape (rows,) and the values that they index.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories
    codes, values = pd.factorize(column)
    return codes, pd.Index(values)


def distinct_of_type(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Factorize a column as `distinct`, but separate what Python calls equal: True and 1; lists are distinct rows."""
    if column.dtype != object:
        return distinct(column)
    types = set(map(type, column))
    if types.isdisjoint(BOOLEANS) or types <= {*BOOLEANS, str, type(None)}:
        try:
            codes, values = pd.factorize(column)
            # Without this pandas would convert integers next to them to floats.
            return codes, pd.Index(values, dtype=object)
        except TypeError:
            pass
    codes = np.where([is_null(value) for value in column], -1, np.arange(len(column)))
    return codes, pd.Index(objects(column), dtype=object)


def spread(codes: np.ndarray, values: np.ndarray, null: object) -> np.ndarray:
    """Return the value of each row's code; rows without one get `null`.

    Returns:
        Array of shape (rows,) with the dtype of `values`.
    """
    by_row: np.ndarray = np.append(values, np.asarray([null], dtype=values.dtype)).take(codes)
    return by_row


def objects(values: Sequence[Any] | np.ndarray | pd.Series) -> pd.Series:
    """Build a column of Python objects; NumPy would unpack nested lists (images)."""
    cells = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        cells[place] = value
    return pd.Series(cells, dtype=object, copy=False)
