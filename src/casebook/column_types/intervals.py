"""Intervals of numbers as a column's kind names them: `number in [0, 100]`, `integer in [1, inf)`.

Brackets mean that a bound is one of the numbers, parentheses that it is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

WRITTEN = re.compile(r"(?P<kind>.+) in (?P<left>[\[(])(?P<low>[^,]+), (?P<high>[^,]+)(?P<right>[\])])")


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds.

    Attributes:
        low: the lower bound.
        high: the upper bound.
        low_open: whether the lower bound is none of the numbers.
        high_open: the same of the upper one.
    """

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    def excludes(self, numbers: np.ndarray) -> np.ndarray:
        """Return a mask of the numbers that lie outside; NaN does not."""
        below = numbers <= self.low if self.low_open and self.low > -inf else numbers < self.low
        above = numbers >= self.high if self.high_open and self.high < inf else numbers > self.high
        outside: np.ndarray = below | above
        return outside

    def describe(self) -> str:
        """Describe it as in `a number from 0 to 100`."""
        least = f"above {self.low:g}" if self.low_open else f"of at least {self.low:g}"
        most = f"below {self.high:g}" if self.high_open else f"of at most {self.high:g}"
        if self.high == inf:
            return least
        if self.low == -inf:
            return most
        if not (self.low_open or self.high_open):
            return f"from {self.low:g} to {self.high:g}"
        return f"{least} and {most.removeprefix('of ')}"

    def describe_json(self) -> dict[str, float]:
        """Return the keys of a JSON schema."""
        low = {"exclusiveMinimum" if self.low_open else "minimum": self.low}
        high = {"exclusiveMaximum" if self.high_open else "maximum": self.high}
        return {**(low if self.low > -inf else {}), **(high if self.high < inf else {})}


def write_range(kind: str, low: float | None, high: float | None) -> str:
    """Write the kind of a column whose numbers lie between two bounds, which they may reach; none for no bound."""
    if low is None and high is None:
        return kind
    left = "(-inf" if low is None else f"[{low!r}"
    right = "inf)" if high is None else f"{high!r}]"
    return f"{kind} in {left}, {right}"


def read_range(kind: str) -> tuple[str, Interval] | None:
    """Read such a kind -> the kind of its numbers, and the interval; nothing where it has none."""
    found = WRITTEN.fullmatch(kind)
    if found is None:
        return None
    low, high = float(found["low"]), float(found["high"])
    return found["kind"], Interval(low, high, found["left"] == "(", found["right"] == ")")
