"""The types that a declared column can have: as lenient as spellings of one value are, in files, requests and training.

A declared kind is a name, and behind a colon what its values are read by: `date:%b-%Y`, `ordinal:["S","M","L"]`,
`number:,` (a decimal comma). See `intervals` for those of numbers of which there may be only some.
"""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from casebook.column_types.column_type import (
    NULL_TEXTS,
    ColumnType,
    InvalidValueError,
    is_blank_cell,
    is_null,
    objects,
    spread,
)
from casebook.column_types.declared_numbers import DecimalType, WholeNumberType
from casebook.column_types.declared_times import DatetimeType, FormattedDateType
from casebook.column_types.intervals import read_range
from casebook.column_types.ranged_types import RangedType
from casebook.column_types.tabular_types import FlagType, NumberType, TextType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WHOLE = re.compile(r"[+-]?\d+\.0+", re.ASCII)
# A whole number with a fraction of zeros, an empty text, or separators at an end, which Python takes for blanks.
OTHER_TEXT = r"^[+-]?[0-9]+\.0+$|^$|^[\x1c-\x1f]|[\x1c-\x1f]$"
SPELLED = {
    True: ("true", "t", "yes", "y", "1", "1.0", "on"),
    False: ("false", "f", "no", "n", "0", "0.0", "off"),
}
BOOLEANS = {word: value for value, words in SPELLED.items() for word in words}


class BooleanType(FlagType):
    """Booleans in any plain spelling: yes/no, true/false, t/f, y/n, on/off, 1/0."""

    expected = "yes or no, true or false, 1 or 0"
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["boolean", "string", "integer", "null"]}

    def read(self, value: Any) -> bool:  # noqa: ANN401
        """Read a boolean in any of its spellings."""
        if isinstance(value, bool | int | float | str | np.generic):
            found = BOOLEANS.get(str(value).strip().lower())
            if found is not None:
                return found
        raise InvalidValueError


class CategoryType(TextType):
    """Categories: texts without the blanks around them; 1.0 is 1, whether as a text or a number."""

    expected = "a text or a number"
    certain = frozenset({str, type(None), int, bool, float})
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "number", "boolean", "null"]}

    def parse_value(self, value: Any) -> str | None:  # noqa: ANN401
        """Parse a single value; blanks alone are null, and so is a text for null with blanks around it."""
        if is_null(value):
            return None
        text = self.read(value)
        return None if not text or (text in NULL_TEXTS and text != value) else text

    def read(self, value: Any) -> str:  # noqa: ANN401
        """Read a text, a number or a boolean."""
        if isinstance(value, str):
            text = value.strip()
            return text.partition(".")[0] if text[-1:] == "0" and WHOLE.fullmatch(text) else text
        if isinstance(value, bool | np.bool_):
            return str(bool(value))
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, int | np.integer):
            # As a float an id of 17 digits would be another one.
            return str(int(value))
        if isinstance(value, float | np.floating | Decimal):
            number = float(value)
            return str(int(number)) if number.is_integer() else repr(number)
        raise InvalidValueError

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column; one of texts that are as they should be stays as it is."""
        if not self.is_certain(column):
            return ColumnType.parse_column(self, column, place)
        categorical = isinstance(column.dtype, pd.CategoricalDtype)
        if _are_categories(column.cat.categories if categorical else column):
            return column if categorical else self.make_categories(column)
        return ColumnType.parse_column(self, column, place)

    def make_categories(self, texts: pd.Series) -> pd.Series:
        """Make categories of texts that are as they should be."""
        return texts.astype("category")


def _are_categories(texts: pd.Series | pd.Index) -> bool:
    """Return whether texts are as `CategoryType` would read them: no blanks around, none empty, no number like 1.0."""
    values = pa.array(texts, pa.string(), from_pandas=True)
    odd = pc.or_(pc.not_equal(pc.utf8_trim_whitespace(values), values), pc.match_substring_regex(values, OTHER_TEXT))
    return not pc.any(odd, min_count=0).as_py()


class IdType(CategoryType):
    """Names of rows, read as categories are; texts that differ in nearly every row are not worth a dictionary."""

    def make_categories(self, texts: pd.Series) -> pd.Series:
        """Leave the texts as they are."""
        return texts


CATEGORY = CategoryType()


class OrdinalType(CategoryType):
    """Categories with an order; parsed into an ordered category of all of them."""

    certain = frozenset()

    def __init__(self, order: str) -> None:
        """Read the order, a JSON list, the least first."""
        self.order = list_order(order)
        self.ranks = {value: rank for rank, value in enumerate(self.order)}
        self.expected = f"one of {', '.join(self.order)}"

    def parse_value(self, value: Any) -> str | None:  # noqa: ANN401
        """Parse a single value; what stands for null is none of the order's, unless that names it."""
        named = type(value) is str and value in self.ranks
        return None if is_blank_cell(value) and not named else super().parse_value(value)

    def read(self, value: Any) -> str:  # noqa: ANN401
        """Read one of the values."""
        text = super().read(value)
        if text in self.ranks or not text:
            return text
        raise InvalidValueError

    def is_certain(self, column: pd.Series) -> bool:  # noqa: ARG002 - a text may be none of them
        """Return that values must be looked at."""
        return False

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Make an ordered category."""
        ranks = np.array([self.ranks.get(value, -1) for value in parsed], dtype=np.int64)
        ranked = pd.Categorical.from_codes(spread(codes, ranks, -1), pd.Index(self.order), ordered=True)
        return pd.Series(ranked, column.index, name=column.name)


def list_order(order: str) -> list[str]:
    """Read the order of an ordinal, a JSON list, as categories are read."""
    return [CATEGORY.read(value) for value in json.loads(order)]


class FreeTextType(TextType):
    """Texts of many words; parsed into `str`, with nulls."""

    certain = frozenset({str, type(None)})

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column; texts stay as they are."""
        if self.is_certain(column):
            return column.astype("str")
        return super().parse_column(column, place).astype("str")


class AnyType(ColumnType):
    """Values that no model looks at: keys, and what is ignored; they stay as they are."""

    expected = "anything"
    certain = frozenset({str, type(None), int, float, bool})
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "number", "boolean", "null"]}

    def parse_value(self, value: Any) -> Any:  # noqa: ANN401
        """Return the value."""
        return value

    def read(self, value: Any) -> Any:  # noqa: ANN401
        """Return the value."""
        return value

    def is_certain(self, column: pd.Series) -> bool:  # noqa: ARG002
        """Return that every value is valid."""
        return True

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:  # noqa: ARG002
        """Return the column."""
        return column

    def pack(self, values: Sequence[Any]) -> pd.Series:
        """Store the values as they are."""
        return objects(values)


PLAIN_TYPES: Mapping[str, ColumnType] = {
    "integer": WholeNumberType(),
    "boolean": BooleanType(),
    "category": CATEGORY,
    "id": IdType(),
    "datetime": DatetimeType(),
    "free_text": FreeTextType(),
    "any": AnyType(),
}
# Of the types that are read by something, what makes them.
TYPES_BY: Mapping[str, Callable[[str], ColumnType]] = {
    "number": DecimalType,
    "ordinal": OrdinalType,
    "date": FormattedDateType,
    "datetime": DatetimeType,
}


class ColumnTypes(dict[str, ColumnType]):
    """The types by kind; those that are read by something are made when they are first asked for."""

    def __missing__(self, kind: str) -> ColumnType:
        """Make the type of a kind like `date:%b-%Y` or `number in [0, 1]`."""
        ranged = read_range(kind)
        if ranged:
            numbers = self[ranged[0]]
            if not isinstance(numbers, NumberType):
                raise KeyError(kind)
            return self.setdefault(kind, RangedType(numbers, ranged[1]))
        name, _, form = kind.partition(":")
        if not form or name not in TYPES_BY:
            raise KeyError(kind)
        made: ColumnType = TYPES_BY[name](form)
        return self.setdefault(kind, made)
