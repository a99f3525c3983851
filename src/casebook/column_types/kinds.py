r"""The types of raw columns, a class each, and their registry `COLUMN_TYPES`. A new type is added here alone.

A value is read alike in training, in a file to predict and over HTTP; this holds for all three:

- A null is None, NaN, NaT, an empty cell, or a cell that Arrow takes for one (`NA`, `N/A`, `NaN`, `null`, ...: exactly
  so written). Texts that are read whole (`string`) and images may not be null.
- `date`: year, month and day with hyphens, the month and day with or without a leading zero (`2023-8-6`: spreadsheets
  write it so, and it can be read in one way only); blanks around it; a time behind it, with an offset or not, is
  dropped, so that the day is the one that was written. Other orders and slashes are refused: day and month may be
  mistaken for each other.
- `flag`: true/false, 1/0 or 1.0/0.0, in any case and with blanks around it.
- `number`: a finite number, as text with blanks around it too, so that the store `1.0` is the store 1. True is none:
  in a column of numbers it is a sign of columns that were mixed up, and a column of flags is declared as one.
- `number in [0, 100]`: a number that lies in an interval; see `intervals`.
- `text`: a text is kept to the letter ("1.0", "1" and " 1" are three categories). Whole numbers are the texts of their
  digits, and so are floats that are whole (1.0 is "1"), since that is what codes like "1" become on their way through
  JSON, or pandas beside a null. Other floats and True are refused.
- the kinds of declared columns, see `declared_types`.
- `label`: one of two classes, as its number or in a plain spelling; see `labels`.
- `string`: a text that holds more than blanks.
- `image`: rows of equal length of whole numbers from 0 to 255.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from casebook.column_types.column_type import ColumnType, InvalidValueError, objects
from casebook.column_types.declared_types import PLAIN_TYPES, ColumnTypes
from casebook.column_types.labels import LabelType
from casebook.column_types.tabular_types import DateType, FlagType, NumberType, TextType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A key of `COLUMN_TYPES`, or a declared kind with what its values are read by.
Kind = str

BRIGHTEST = 255


class StringType(ColumnType):
    """Long texts that are read word by word; they stay as they are."""

    expected = "a text of at least one word"
    nullable = False
    json_schema: ClassVar[Mapping[str, Any]] = {"type": "string"}

    def read(self, value: Any) -> str:  # noqa: ANN401
        """Parse a text that is not blank."""
        if isinstance(value, str) and value.strip():
            return value
        raise InvalidValueError

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:  # noqa: ARG002
        """Return the column unchanged."""
        return column


class ImageType(ColumnType):
    """Grey values by row and column; parsed into a uint8 array a row."""

    expected = f"an image of rows of whole numbers from 0 to {BRIGHTEST}"
    nullable = False
    json_schema: ClassVar[Mapping[str, Any]] = {
        "type": "array",
        "items": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": BRIGHTEST}},
    }

    def read(self, value: Any) -> np.ndarray:  # noqa: ANN401
        """Parse an image."""
        pixels = stack_rows(value) if isinstance(value, list | np.ndarray) else np.zeros(0)
        if pixels.ndim != 2 or not pixels.size or pixels.dtype.kind not in "biuf":
            raise InvalidValueError
        if pixels.dtype == np.uint8:
            return pixels
        # In NumPy a comparison with nan is False, so it is refused too.
        if not ((pixels >= 0) & (pixels <= BRIGHTEST) & (pixels == np.floor(pixels))).all():
            raise InvalidValueError
        return pixels.astype(np.uint8)

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:  # noqa: ARG002
        """Build a column of arrays, an image a row."""
        return pd.Series(objects(parsed).to_numpy(), column.index, name=column.name, copy=False)


COLUMN_TYPES = ColumnTypes(
    {
        "text": TextType(),
        "date": DateType(),
        "flag": FlagType(),
        "number": NumberType(),
        "label": LabelType(),
        "string": StringType(),
        "image": ImageType(),
        **PLAIN_TYPES,
    }
)


def stack_rows(value: Any) -> np.ndarray:  # noqa: ANN401
    """Build an array of nested lists; rows that differ in length become one of objects, which is refused later."""
    try:
        array = np.asarray(value)
        # Parquet holds an image as an array of rows.
        return np.stack(list(array)) if array.dtype.kind == "O" and array.ndim == 1 and len(array) else array
    except ValueError:
        return np.zeros(0, dtype=object)
