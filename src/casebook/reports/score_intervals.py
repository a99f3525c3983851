"""Scores of network and reference on the test rows with bootstrap intervals, and of their difference (paired)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.evaluation.intervals import (
    bootstrap_scores,
    count_resamples,
    find_interval,
    find_largest_key,
    number_keys,
)
from casebook.evaluation.metrics import metrics_of

if TYPE_CHECKING:
    from casebook.reports.judged import Judged

# A key of more than this share of the test rows is named: the scores hang on it.
LARGE_KEY_SHARE, UNEVEN = 0.1, 2
# Of fewer keys no interval is given: it would be that of the few.
LEAST_KEYS = 5


def measure_intervals(own: Judged, other: Judged | None, keys: pd.Series, word: str) -> dict[str, Any]:
    """Bootstrap the scores of a network and of another model on the same rows, by the split's keys.

    Args:
        own: the network's predictions.
        other: the other model's of the same rows, or None.
        keys: of the rows.
        word: what a key is.

    Returns:
        `key` (`word`, `count`, `largest` and `largest_share`), and `metrics`: for each metric its `name`, `score`,
        `low` and `high`, with another model its `other`, `other_low`, `other_high`, and `gain` (how much better the
        network is), `gain_low`, `gain_high`. Ends are None where there are too few keys.
    """
    codes = number_keys(keys, len(keys))
    largest = find_largest_key(codes)
    found: dict[str, Any] = {
        "word": word,
        "count": int(codes.max()) + 1,
        "largest": str(keys.iloc[int((codes == largest.code).argmax())]),
        "largest_share": largest.share,
    }
    scorers = {("own", name): scorer for name, scorer in own.scorers().items()}
    if other is not None:
        scorers |= {("other", name): scorer for name, scorer in other.scorers().items()}
    named = {"/".join(name): scorer for name, scorer in scorers.items()}
    weights = own.weights
    resamples = count_resamples(len(codes)) if found["count"] >= LEAST_KEYS else 0
    resampled = bootstrap_scores(named, codes, resamples, weights)
    whole = pd.Series({name: scorer(weights) for name, scorer in named.items()})
    metrics = [
        _measure(metric.name, metric.sign, whole, resampled, with_other=other is not None)
        for metric in metrics_of(own.task)
    ]
    return {"key": found, "resamples": resamples, "metrics": [each for each in metrics if each["score"] is not None]}


def interval_metrics(intervals: dict[str, Any]) -> dict[str, float]:
    """Return the intervals of network and reference as metrics of the run.

    Returns:
        `test/<metric>_low` and `test/<metric>_high`, likewise `reference/...` where there is one; and
        `data/largest_<key>_share` where one holds much of the rows.
    """
    ends = {
        f"{who}/{each['name']}_{end}": each[f"{prefix}{end}"]
        for each in intervals["metrics"]
        for who, prefix in (("test", ""), ("reference", "other_"))
        for end in ("low", "high")
        if each.get(f"{prefix}{end}") is not None
    }
    key = intervals["key"]
    large = {f"data/largest_{key['word'].replace(' ', '_')}_share": key["largest_share"]} if holds_much(key) else {}
    return ends | large


def holds_much(key: dict[str, Any]) -> bool:
    """Test whether a key holds more than a tenth of the test rows, and more than twice as many as others do."""
    share, count = float(key["largest_share"]), int(key["count"])
    return count > 1 and share > max(LARGE_KEY_SHARE, UNEVEN / count)


def name_large_key(key: dict[str, Any]) -> str:
    """Name a key that holds more than a tenth of the test rows; empty where none does."""
    if not holds_much(key):
        return ""
    return f"{key['word']} {key['largest']} holds {key['largest_share']:.0%} of the test rows"


def _measure(
    name: str, sign: int, whole: pd.Series, resampled: pd.DataFrame, with_other: bool
) -> dict[str, float | str | None]:
    own, other = f"own/{name}", f"other/{name}"
    low, high = find_interval(resampled[own])
    found: dict[str, Any] = {"name": name, "score": whole[own], "low": low, "high": high}
    if with_other:
        low, high = find_interval(resampled[other])
        found |= {"other": whole[other], "other_low": low, "other_high": high}
        low, high = find_interval(sign * (resampled[own] - resampled[other]))
        found |= {"gain": sign * (whole[own] - whole[other]), "gain_low": low, "gain_high": high}
    return {key: None if value != value else value for key, value in found.items()}
