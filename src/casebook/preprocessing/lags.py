"""Lags: the value that a column has in the row of the same group some steps earlier, and the history that they need.

A lag is no function of one row. A model keeps the rows that were known when it was made, and looks back at them and at
the rows that are given with a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIME, GROUP, COLUMNS, VALUES = "time", "group", "columns", "values"
FILE = "history.npz"


@dataclass(frozen=True)
class History:
    """Known rows by group and time.

    Attributes:
        groups: of each row, texts in their order; shape (rows,).
        times: float64, ascending within a group: nanoseconds of a date, or the number itself.
        values: by column, float64 with NaN where it is missing.
    """

    groups: np.ndarray
    times: np.ndarray
    values: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, rows: pd.DataFrame, time: str, group: str, columns: Sequence[str]) -> History:
        """Keep typed rows that have a time and a group; a column that they lack is missing in all of them.

        Args:
            rows: typed.
            time: column of the time.
            group: column of the group; empty where all rows are of one.
            columns: those whose values are looked back at.
        """
        groups, times = name_groups(rows, group), count_time(rows[time])
        order = np.lexsort((times, groups))
        order = order[~np.isnan(times[order]) & (groups[order] != "")]
        return cls(groups[order], times[order], {name: read_values(rows, name)[order] for name in columns})

    def take(self, groups: np.ndarray) -> pd.DataFrame:
        """Return the rows of some groups: `group`, `time` and the columns."""
        wanted = np.unique(groups)
        first, last = (np.searchsorted(self.groups, wanted, side) for side in ("left", "right"))
        rows = np.concatenate([np.arange(*each) for each in zip(first, last, strict=True)] or [np.arange(0)])
        known = {GROUP: self.groups[rows], TIME: self.times[rows]}
        return pd.DataFrame({**known, **{name: values[rows] for name, values in self.values.items()}})

    def join(self, later: History) -> History:
        """Add rows; of the same moment those that are added stand last."""
        groups, times = (np.concatenate(both) for both in ((self.groups, later.groups), (self.times, later.times)))
        order = np.lexsort((times, groups))
        added = later.values  # noqa: PD011 - no pandas object
        values = {name: np.concatenate([old, added[name]])[order] for name, old in self.values.items()}
        return History(groups[order], times[order], values)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return arrays by name, as they are kept in files: of the columns their names, and values (columns, rows)."""
        columns = list(self.values)
        values = np.stack([self.values[name] for name in columns])
        return {GROUP: self.groups, TIME: self.times, COLUMNS: np.array(columns), VALUES: values}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> History:
        """Rebuild a history."""
        values = dict(zip(map(str, arrays[COLUMNS]), np.asarray(arrays[VALUES]), strict=True))
        return cls(np.asarray(arrays[GROUP]), np.asarray(arrays[TIME]), values)


def lag_column(
    rows: pd.DataFrame, history: History | None, *, value: str, time: str, group: str = "", steps: int = 1
) -> pd.Series:
    """Return for each row the value of its group so many moments before its own.

    A moment counts once, however many rows it has, and the last value that is there is its value; so a row never sees
    one of its own time. Where the rows of a group differ in time this is pandas' `groupby(group)[value].shift(steps)`
    of the rows in the order of time.

    Args:
        rows: typed; they may lack the value, as rows to predict lack the target.
        history: earlier rows; none where all rows are given.
        value: the column that is looked back at.
        time: column of the time.
        group: column of the group; empty where all rows are of one.
        steps: how many moments, at least 1.

    Returns:
        float64, NaN where there is no such moment, or no value in it.
    """
    groups, times = name_groups(rows, group), count_time(rows[time])
    own = pd.DataFrame({GROUP: groups, TIME: times, value: read_values(rows, value)})
    known = own if history is None else pd.concat([history.take(groups)[[GROUP, TIME, value]], own])
    known = known[known[TIME].notna() & (known[GROUP] != "")]
    moments = known.groupby([GROUP, TIME], sort=True)[value].last()
    lagged = moments.groupby(level=GROUP, sort=False).shift(steps)
    found = lagged.reindex(pd.MultiIndex.from_arrays([groups, times], names=[GROUP, TIME]))
    return pd.Series(found.to_numpy(np.float64), rows.index)


def name_groups(rows: pd.DataFrame, group: str) -> np.ndarray:
    """Write the group of each row as a text, the same for `1` and `1.0`; empty where it is missing."""
    if not group:
        return np.full(len(rows), "all")
    column = rows[group]
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        numbers = column.to_numpy(np.float64, na_value=np.nan)
        return np.array(["" if np.isnan(number) else f"{number:.17g}" for number in numbers], dtype=str)
    return np.array(column.astype(object).where(column.notna(), "").astype(str), dtype=str)


def count_time(column: pd.Series) -> np.ndarray:
    """Count times: nanoseconds of dates, numbers as they are; float64 with NaN for null."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        return column.to_numpy(np.float64, na_value=np.nan)
    times = column.to_numpy("datetime64[ns]")
    return np.where(np.isnat(times), np.nan, times.astype(np.int64).astype(np.float64))


def read_values(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Read a column as float64, NaN where it is missing or is not there."""
    if name not in rows:
        return np.full(len(rows), np.nan)
    return rows[name].to_numpy(np.float64, na_value=np.nan)


def read_options(options: Mapping[str, Any]) -> tuple[str, str]:
    """Return the columns of time and group that a lag goes by."""
    return options["time"], options.get("group", "")
