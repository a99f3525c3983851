"""Days and times of declared columns, in a form of their own or in ISO's."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from casebook.column_types.column_type import ColumnType, InvalidValueError, spread
from casebook.column_types.tabular_types import DateType, categorise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FormattedDateType(DateType):
    """Days in a form of their own, or in ISO's."""

    def __init__(self, form: str) -> None:
        """Keep the form, as strptime has it."""
        self.form = form
        self.expected = f"a date like {date(2023, 8, 26).strftime(form)} or 2023-08-26"

    def read(self, value: Any) -> date:  # noqa: ANN401
        """Read a day."""
        if isinstance(value, str):
            try:
                return datetime.strptime(value.strip(), self.form).date()
            except ValueError:
                pass
        return super().read(value)


class DatetimeType(ColumnType):
    """Times of a day, to the second, as they are written: a zone behind them is dropped; into datetime64[s]."""

    json_schema: ClassVar[Mapping[str, Any]] = {"type": ["string", "null"], "format": "date-time"}
    blanks_are_null = True

    def __init__(self, form: str = "") -> None:
        """Keep the form, as strptime has it, beside ISO's."""
        self.form = form
        own = f"{datetime(2023, 8, 26, 14, 30).strftime(form)} or " if form else ""
        self.expected = f"a time like {own}2023-08-26 14:30:00"

    def read(self, value: Any) -> datetime:  # noqa: ANN401
        """Read a time; a day alone is its first second."""
        if isinstance(value, str):
            value = self._read_text(value.strip())
        if isinstance(value, np.datetime64):
            value = pd.Timestamp(value).to_pydatetime()
        if isinstance(value, datetime):
            return value.replace(tzinfo=None, microsecond=0)
        if isinstance(value, date):
            return datetime.combine(value, time())
        raise InvalidValueError

    def _read_text(self, text: str) -> datetime:
        if self.form:
            try:
                return datetime.strptime(text, self.form)
            except ValueError:
                pass
        return datetime.fromisoformat(text)

    def parse_column(self, column: pd.Series, place: str) -> pd.Series:
        """Parse a column; the time is the one of the zone in which it is given."""
        if not pd.api.types.is_datetime64_any_dtype(column):
            return super().parse_column(column, place)
        times: pd.Series = column.dt.tz_localize(None).astype("datetime64[s]")
        return times

    def spread_parsed(self, column: pd.Series, codes: np.ndarray, parsed: Sequence[Any] | np.ndarray) -> pd.Series:
        """Make times of whole seconds."""
        times = np.array(parsed, dtype="datetime64[s]")
        return pd.Series(spread(codes, times, np.datetime64("NaT")), column.index, name=column.name)

    def pack(self, values: Sequence[Any]) -> pd.Categorical:
        """Store times as categories, whose distinct values are then parsed once."""
        return categorise(values, lambda value: self.read(value).isoformat(), self.is_missing)
