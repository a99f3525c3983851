"""Features that tell when a row was: in a split by time no later row has their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.compute.threads import map_in_threads

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from casebook.preprocessing.row_schema import RowSchema

# Below two years each season was seen once at most, so that its effect cannot be told from that of the time.
TWO_YEARS_DAYS = 730
# Parts of a date that do not come again within one.
SEASONS = frozenset({"year", "quarter", "month", "week"})
# From this rank correlation with the time on, a number counts the time.
RANK_CORRELATION = 0.9
# One that correlates so little with it on about so many rows does not.
SAMPLED_ROWS, SAMPLED_CORRELATION = 10_000, 0.7


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
    order = days.rank().to_numpy()
    seasons = _list_seasons(row_schema, time)
    counting = map_in_threads(lambda name: name in seasons or _counts_time(rows[name], order), names, len(rows))
    return [name for name, counts in zip(names, counting, strict=True) if counts]


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


def _counts_time(values: pd.Series, order: np.ndarray) -> bool:
    """Return whether a number orders the rows as the time does; one that is constant, or no number, does not."""
    if not pd.api.types.is_numeric_dtype(values):
        return False
    there = values.notna().to_numpy()
    if not there.any():
        return False
    values, order = (values, order) if there.all() else (values[there], order[there])
    # A few rows rule out most numbers: all of them would take most of the preprocessing.
    step = max(1, len(values) // SAMPLED_ROWS)
    few = abs(_correlate_ranks(values.iloc[::step], order[::step])) >= SAMPLED_CORRELATION
    return few and abs(_correlate_ranks(values, order)) >= RANK_CORRELATION


def _correlate_ranks(values: pd.Series, order: np.ndarray) -> float:
    """Compute the rank correlation of numbers, of which none is missing, with ranks; 0 where either is constant."""
    codes, known = pd.factorize(values)
    by_value = np.argsort(known)
    counts, sums = (np.bincount(codes, weights)[by_value] for weights in (None, order - order.mean()))
    # The mean rank of the rows of each value, less the mean of all ranks.
    ranks = np.cumsum(counts) - (counts - 1) / 2 - (len(codes) + 1) / 2
    most = np.sqrt((counts @ ranks**2) * len(order) * order.var())
    return float(ranks @ sums / most) if most > 0 else 0.0
