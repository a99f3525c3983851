"""Counts of a column's values that add up: those of the parts of a table together are those of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from casebook.column_types.parsing import distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

# Integers within so small a span are counted by `bincount`.
MAX_COUNTED_SPAN = 65_536
# A part with more different numbers than this hands on so many points instead: a quantile's rank is then off by at most
# a point's share of the rows.
MAX_EXACT_VALUES, POINTS = 16_384, 8_192


@dataclass(frozen=True)
class ValueCounts:
    """The known values of a column of numbers, each with the number of rows that hold it.

    Attributes:
        values: in no particular order; one may stand there several times.
        counts: int64, of each.
        missing: rows without a value.
        within: sum of squared distances of condensed rows from their point; 0 where every value is kept.
        whole: whether all were whole numbers before some were condensed; None where every value is kept.
    """

    values: np.ndarray
    counts: np.ndarray
    missing: int = 0
    within: float = 0.0
    whole: bool | None = None

    @classmethod
    def of(cls, column: pd.Series) -> ValueCounts:
        """Count a column's values; real numbers and wide spans count once a row."""
        if column.dtype.kind == "b":
            true = int(column.to_numpy().sum())
            counts = np.array([len(column) - true, true])
            return cls(np.flatnonzero(counts).astype(np.float64), counts[counts > 0])
        if column.dtype.kind in "iu" and len(column):
            whole = column.to_numpy().astype(np.int64)
            least = whole.min()
            if whole.max() - least < MAX_COUNTED_SPAN:
                counts = np.bincount(whole - least)
                found = np.flatnonzero(counts)
                return cls((found + least).astype(np.float64), counts[found])
        raw = column.to_numpy(np.float64, na_value=np.nan)
        known = raw[~np.isnan(raw)]
        return cls(known, np.ones(len(known), dtype=np.int64), len(raw) - len(known))

    @cached_property
    def rows(self) -> int:
        """The number of rows with a value."""
        return int(self.counts.sum())

    @cached_property
    def ranked(self) -> tuple[np.ndarray, np.ndarray]:
        """The values in their order, and the rows up to each."""
        if len(self.counts) == self.rows:
            # Each is one row: sorting values takes a tenth of sorting their places.
            return np.sort(self.values), np.arange(1, self.rows + 1)
        order = np.argsort(self.values, kind="stable")
        return self.values[order], np.cumsum(self.counts[order])

    def quantiles(self, shares: Sequence[float]) -> np.ndarray:
        """Compute quantiles over rows, between two values by the line between them, as NumPy does."""
        values, ranks = self.ranked
        at = np.asarray(shares) * (self.rows - 1)
        below = np.floor(at).astype(np.int64)
        found = (np.searchsorted(ranks, np.minimum(rank, self.rows - 1), "right") for rank in (below, below + 1))
        low, high = (values[place] for place in found)
        share = at - below
        return self._round(np.where(share < 0.5, low + (high - low) * share, high - (high - low) * (1 - share)))

    def median(self) -> float:
        """Compute the median over rows."""
        values, ranks = self.ranked
        middle = np.searchsorted(ranks, [(self.rows - 1) // 2, self.rows // 2], side="right")
        return float(self._round(values[middle].mean()))

    def _round(self, between: np.ndarray) -> np.ndarray:
        """Return what lies between points; of whole numbers a whole one, as most of their quantiles are."""
        return np.rint(between) if self.whole else between

    def mode(self) -> float:
        """Compute the most frequent value, the smallest of several."""
        values, places = np.unique(self.values, return_inverse=True)
        return float(values[np.bincount(places, weights=self.counts).argmax()])

    def mean(self) -> float:
        """Compute the mean over rows."""
        return float(np.average(self.values, weights=self.counts))

    def deviation(self) -> float:
        """Compute the standard deviation over rows (of the population)."""
        between = np.average((self.values - self.mean()) ** 2, weights=self.counts)
        return float(np.sqrt(between + self.within / self.rows))

    def are_whole(self) -> bool:
        """Return whether all values are whole numbers."""
        return bool((self.values == np.rint(self.values)).all()) if self.whole is None else self.whole

    def condense(self) -> ValueCounts:
        """Keep each value once, or points of nearly equal numbers of rows where there are too many values.

        Means and deviations stay exact; the lowest and the highest value, and frequent ones, stay as they are.
        """
        values, places = np.unique(self.values, return_inverse=True)
        counts = np.bincount(places, self.counts, len(values)).astype(np.int64)
        if len(values) <= MAX_EXACT_VALUES:
            return ValueCounts(values, counts, self.missing, self.within, self.whole)
        window = (np.cumsum(counts) - counts) * POINTS // counts.sum()
        alone = counts * POINTS > counts.sum()
        alone[[0, -1]] = True
        starts = np.flatnonzero(np.append(True, (np.diff(window) > 0) | alone[1:] | alone[:-1]))
        weights = np.add.reduceat(counts, starts)
        # From the first value of each: sums of squares of large numbers would lose their differences.
        beyond = values - np.repeat(values[starts], np.diff(np.append(starts, len(values))))
        shift = np.add.reduceat(beyond * counts, starts) / weights
        squares = np.add.reduceat(beyond**2 * counts, starts) - shift**2 * weights
        within = self.within + float(np.maximum(squares, 0).sum())
        return ValueCounts(values[starts] + shift, weights, self.missing, within, self.are_whole())


@dataclass(frozen=True)
class CategoryCounts:
    """The values of a column of categories, each with the number of rows that hold it; exact.

    Attributes:
        values: each once.
        counts: of each; 0 for one that no row holds.
        missing: rows without a value.
    """

    values: pd.Index
    counts: np.ndarray
    missing: int

    @classmethod
    def of(cls, column: pd.Series) -> CategoryCounts:
        """Count a column's values."""
        codes, values = distinct(column)
        return cls(values, np.bincount(codes[codes >= 0], minlength=len(values)), int((codes < 0).sum()))

    @property
    def rows(self) -> int:
        """Return the number of rows, those without a value included."""
        return int(self.counts.sum()) + self.missing

    @cached_property
    def distinct(self) -> int:
        """The number of values that rows hold."""
        return int((self.counts > 0).sum())

    def condense(self) -> CategoryCounts:
        """Leave out values that no row holds."""
        held = self.counts > 0
        return CategoryCounts(self.values[held], self.counts[held], self.missing)


ColumnCounts: TypeAlias = ValueCounts | CategoryCounts


def add_counts(parts: Sequence[ColumnCounts]) -> ColumnCounts:
    """Add the counts of a column of several parts of a table."""
    missing = sum(part.missing for part in parts)
    numbers = [part for part in parts if isinstance(part, ValueCounts)]
    if numbers:
        kept = all(part.whole is None for part in numbers)
        return ValueCounts(
            np.concatenate([part.values for part in numbers]),  # noqa: PD011 - no pandas object
            np.concatenate([part.counts for part in numbers]),
            missing,
            sum(part.within for part in numbers),
            None if kept else all(part.are_whole() for part in numbers),
        )
    found = [pd.Series(part.counts, part.values) for part in parts if len(part.values)]
    summed = pd.concat(found).groupby(level=0, sort=False).sum() if found else pd.Series(dtype="int64")
    return CategoryCounts(summed.index, summed.to_numpy(np.int64), missing)
