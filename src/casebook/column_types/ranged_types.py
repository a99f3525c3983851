"""Numbers of which a column may hold only some, as a kind like `number in [0, 100]` says.

The interval is part of the type, so that training, files to predict and requests refuse the same values, and a logged
model knows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.column_types.column_type import ColumnType, InvalidValueError
from casebook.column_types.tabular_types import NumberType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from casebook.column_types.intervals import Interval


class RangedType(NumberType):
    """Numbers of a type that lie in an interval."""

    remedy = "mend the file or the range"

    def __init__(self, numbers: NumberType, interval: Interval) -> None:
        """Keep what reads the numbers, and which of them there may be."""
        self.numbers, self.interval = numbers, interval
        self.expected = f"{numbers.expected} {interval.describe()}"
        self.json_schema = {**numbers.json_schema, **interval.describe_json()}  # type: ignore[misc]

    def parse_value(self, value: Any) -> float:  # noqa: ANN401
        """Parse a single value; whatever its type, it may lie outside."""
        number: float = ColumnType.parse_value(self, value)
        return number

    def read(self, value: Any) -> float:  # noqa: ANN401
        """Read a number that lies inside."""
        number = self.numbers.read(value)
        if self.interval.excludes(np.asarray(number)):
            raise InvalidValueError
        return number

    def is_certain(self, column: pd.Series) -> bool:  # noqa: ARG002 - of no dtype are all values inside
        """Return that values must be looked at."""
        return False

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column, and refuse one with a number outside."""
        parsed = self.numbers.parse_column(column, place)
        outside = self.interval.excludes(parsed.to_numpy(np.float64, na_value=np.nan))
        self._refuse(column, np.arange(len(column)), outside, place)
        return parsed

    def parse_distinct(self, values: pd.Index) -> tuple[Sequence[Any] | np.ndarray, np.ndarray]:
        """Parse distinct values, and mark those outside."""
        parsed, wrong = self.numbers.parse_distinct(values)
        return parsed, wrong | self.interval.excludes(np.asarray(parsed, dtype=np.float64))

    def pack(self, values: Sequence[Any]) -> pd.Series | np.ndarray:
        """Convert plain numbers to a numeric column."""
        return self.numbers.pack(values)
