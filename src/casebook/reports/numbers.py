"""Numbers as a page and the console write them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from casebook.evaluation.metrics import INTERVAL_ENDS

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DECIMALS = 6
# An end that is closer to 0, of the interval's width, is 0.
LEAST_SHARE = 0.001


def write_score(value: float | None) -> str:
    """Write a score with four decimals, one of 10 or more with one; nothing where there is none."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def write_interval(score: float, low: float | None, high: float | None) -> str:
    """Write a score with its interval, no more decimals than that can tell: `0.857 [0.84, 0.87]`."""
    return f"{write_score_like(score, low, high)} {write_range(low, high)}".rstrip()


def write_logged_score(metrics: Mapping[str, float], name: str) -> str:
    """Write a metric beside the ends of its interval, where those are there; nothing where it is not."""
    low, high = (metrics.get(f"{name}{end}") for end in INTERVAL_ENDS)
    return write_interval(metrics[name], low, high) if name in metrics else ""


def write_score_like(score: float, low: float | None, high: float | None) -> str:
    """Write a score with as many decimals as one that has this interval; without any as others."""
    if low is None or high is None:
        return write_score(score)
    return f"{score:,.{find_decimals(high - low) + 1}f}"


def write_range(low: float | None, high: float | None) -> str:
    """Write an interval in brackets, with so many decimals as its width tells; nothing where there is none.

    An end beside 0 gets as many as show on which side of 0 it lies.
    """
    if low is None or high is None:
        return ""
    decimals = find_decimals(high - low)
    beside_zero = [end for end in (low, high) if abs(end) > LEAST_SHARE * (high - low)]
    while decimals < MOST_DECIMALS and not all(round(end, decimals) for end in beside_zero):
        decimals += 1
    return f"[{low:z,.{decimals}f}, {high:z,.{decimals}f}]"


def find_decimals(width: float) -> int:
    """Return how many decimals show a width: two for 0.03 and 0.12, three for 0.02, none for 12."""
    if not width > 0:
        return 3
    return min(MOST_DECIMALS, max(0, math.ceil(-math.log10(width / 2.5))))
