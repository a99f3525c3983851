"""Features that tell when a row was: in a split by time no later row has their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from casebook.preprocessing.row_schema import RowSchema

# Below two years each season was seen once at most, so that its effect cannot be told from that of the time.
TWO_YEARS_DAYS = 730
# Parts of a date that do not come again within one.
SEASONS = frozenset({"year", "quarter", "month", "week"})
# From this rank correlation with the time on, a number counts the time.
RANK_CORRELATION = 0.9


def list_time_indexes(rows: pd.DataFrame, names: Sequence[str], time: str, row_schema: RowSchema) -> list[str]:
    """List the features that tell when a row was, where training rows cover less than two years.

    A network, or trees, would learn the level of each stretch of time by them; a later row is of no such stretch, and
    gets that of the nearest. A date's year, quarter, month and week are such features, and numbers that grow with it.

    Args:
        rows: the training rows, with `time`.
        names: features that are used.
        time: column by which the split is made: dates, or numbers that count days.
        row_schema: what features are made by.

    Returns:
        Some of `names`; none where the rows cover two years or more.
    """
    days = days_since_first(rows[time])
    if days.max() >= TWO_YEARS_DAYS:
        return []
    order = days.rank()
    seasons = _list_seasons(row_schema, time)
    return [name for name in names if name in seasons or _counts_time(rows[name], order)]


def days_since_first(times: pd.Series) -> pd.Series:
    """Count the days since the first time, as float64; numbers count as days."""
    since = times - times.min()
    days: pd.Series = since if pd.api.types.is_numeric_dtype(since) else since.dt.total_seconds() / 86_400
    return days.astype("float64")


def _list_seasons(row_schema: RowSchema, time: str) -> Collection[str]:
    return {
        name
        for name, feature in row_schema.features.items()
        if feature.function == "date_part" and feature.of == (time,) and feature.options["part"] in SEASONS
    }


def _counts_time(values: pd.Series, order: pd.Series) -> bool:
    """Return whether a number orders the rows as the time does; one that is constant, or no number, does not."""
    if not pd.api.types.is_numeric_dtype(values) or values.nunique() < 2:
        return False
    ranks = values.astype("float64").rank()
    return bool(abs(ranks.corr(order)) >= RANK_CORRELATION)
