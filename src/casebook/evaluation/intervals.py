"""Bootstrap intervals of scores: keys are drawn with all their rows, since errors of one person or week go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from casebook.evaluation.metric_functions import Scorer

# Ends of the 95 % interval.
ENDS = (0.025, 0.975)
SEED = 0
# Of so many rows fewer resamples are drawn: their intervals are narrow, and all of it takes no longer than a second.
MAX_DRAWN_ROWS = 15_000_000
RESAMPLES, LEAST_RESAMPLES = 500, 100


class Interval(NamedTuple):
    """A 95 % interval; NaN where it is not defined, as of a single key."""

    low: float
    high: float


class LargestKey(NamedTuple):
    """The key that holds most rows, as a number of `number_keys`, and its share of them."""

    code: int
    share: float


def number_keys(keys: pd.Series | np.ndarray | None, rows: int) -> np.ndarray:
    """Number the keys of rows from 0 in the order in which they appear; None: each row is a key.

    Returns:
        int64 of shape (rows,).
    """
    return np.arange(rows) if keys is None else pd.factorize(keys, use_na_sentinel=False)[0]


def find_largest_key(codes: np.ndarray) -> LargestKey:
    """Return the key that holds most of the rows."""
    counts = np.bincount(codes)
    return LargestKey(int(counts.argmax()), float(counts.max() / len(codes)))


def count_resamples(rows: int) -> int:
    """Return how many resamples are drawn of so many rows."""
    return max(LEAST_RESAMPLES, min(RESAMPLES, MAX_DRAWN_ROWS // max(rows, 1)))


def draw_weights(
    codes: np.ndarray, resamples: int, sample_weight: np.ndarray | None = None, seed: int = SEED
) -> Iterator[np.ndarray]:
    """Draw resamples of keys with replacement.

    Args:
        codes: number of each row's key, see `number_keys`.
        resamples: how many.
        sample_weight: of the rows; None for equal ones.
        seed: of the draws.

    Yields:
        How often each row counts in a resample, times its weight: float64 of shape (rows,).
    """
    for counts in draw_counts(codes, resamples, seed):
        weights = counts[codes].astype(float)
        yield weights if sample_weight is None else weights * sample_weight


def draw_counts(codes: np.ndarray, resamples: int, seed: int = SEED) -> Iterator[np.ndarray]:
    """Draw how often each key counts in a resample: int64 of shape (keys,), `resamples` times."""
    generator, keys = np.random.default_rng(seed), int(codes.max()) + 1
    for _ in range(resamples):
        yield np.bincount(generator.integers(0, keys, keys), minlength=keys)


def bootstrap_scores(
    scorers: Mapping[str, Scorer], codes: np.ndarray, resamples: int, sample_weight: np.ndarray | None = None
) -> pd.DataFrame:
    """Score the same resamples by each scorer, so that differences between columns are paired.

    Returns:
        A row a resample, a column a scorer; NaN where a resample leaves nothing to score, as an AUC of one class.
    """
    # Products of two vectors: threads would wait longer for each other than they compute.
    with threadpool_limits(1, user_api="blas"):
        rows = [
            [score(weights) for score in scorers.values()] for weights in draw_weights(codes, resamples, sample_weight)
        ]
    return pd.DataFrame(rows, columns=list(scorers), dtype=np.float64)


def find_interval(resampled: pd.Series | np.ndarray) -> Interval:
    """Return the interval of resampled scores or differences, those that are not defined left out."""
    values = np.asarray(resampled, dtype=np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(values, ENDS)
    return Interval(float(low), float(high))
