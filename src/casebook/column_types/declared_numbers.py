"""Numbers of declared columns: whole ones, and those that a text writes with another sign than a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from casebook.column_types.column_type import ColumnType, InvalidValueError
from casebook.column_types.tabular_types import NumberType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class WholeNumberType(NumberType):
    """Whole numbers."""

    expected = "a whole number"
    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["integer", "null"]}

    def parse_value(self, value: Any) -> float:  # noqa: ANN401
        """Parse a single value; a float may be whole or not."""
        number: float = ColumnType.parse_value(self, value)
        return number

    def read(self, value: Any) -> float:  # noqa: ANN401
        """Read a finite number without a fraction."""
        number = super().read(value)
        if number.is_integer():
            return number
        raise InvalidValueError

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column; floats are looked at one by one for their fractions."""
        parsed = super().parse_column(column, place)
        if column.dtype.kind == "f":
            numbers = parsed.to_numpy(np.float64, na_value=np.nan)
            fraction = ~np.isnan(numbers) & (numbers != np.floor(numbers))
            self._refuse(column, np.arange(len(numbers)), fraction, place)
        return parsed

    def parse_distinct(self, values: pd.Index) -> tuple[Sequence[Any] | np.ndarray, np.ndarray]:
        """Parse distinct values, and mark those with a fraction."""
        parsed, wrong = super().parse_distinct(values)
        numbers = np.asarray(parsed, dtype=np.float64)
        return parsed, wrong | (~np.isnan(numbers) & (numbers != np.floor(numbers)))


class DecimalType(NumberType):
    """Numbers that a text may write with another sign than a point."""

    def __init__(self, sign: str) -> None:
        """Keep the decimal sign."""
        self.sign = sign

    def read(self, value: Any) -> float:  # noqa: ANN401
        """Read a finite number, in a text with this sign (or a point, as numbers themselves are written)."""
        return super().read(value.replace(self.sign, ".") if isinstance(value, str) else value)

    def parse_distinct(self, values: pd.Index) -> tuple[Sequence[Any] | np.ndarray, np.ndarray]:
        """Parse texts once their sign is a point."""
        texts = isinstance(values.dtype, pd.StringDtype)
        return super().parse_distinct(values.str.replace(self.sign, ".", regex=False) if texts else values)
