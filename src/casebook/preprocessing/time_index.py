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
    """Return whether a number orders the rows as the time does; one that is constant, or no number, does not.

    The rank correlation comes from sums by distinct value: ranking every row would take most of the preprocessing.
    """
    if not pd.api.types.is_numeric_dtype(values):
        return False
    codes, known = pd.factorize(values)
    if len(known) < 2:
        return False
    there = codes >= 0
    order = order[there] - order[there].mean()
    by_value = np.argsort(known)
    counts, sums = (np.bincount(codes[there], weights)[by_value] for weights in (None, order))
    # The mean rank of the rows of each value, from the mean of all ranks.
    ranks = np.cumsum(counts) - (counts - 1) / 2 - (there.sum() + 1) / 2
    most = np.sqrt((counts @ ranks**2) * (order @ order))
    return bool(most > 0 and abs(ranks @ sums) >= RANK_CORRELATION * most)
