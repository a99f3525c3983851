"""The values of a column of numbers and how many rows hold each, for statistics of training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# Integers within so small a span are counted by `bincount`.
MAX_COUNTED_SPAN = 65_536


@dataclass(frozen=True)
class ValueCounts:
    """The known values of a column, each with the number of rows that hold it."""

    values: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, column: pd.Series) -> ValueCounts:
        """Count a column's values; real numbers and wide spans count once a row."""
        if column.dtype.kind == "b":
            true = int(column.to_numpy().sum())
            counts = np.array([len(column) - true, true])
            return cls(np.flatnonzero(counts).astype(np.float64), counts[counts > 0])
        if column.dtype.kind in "iu":
            whole = column.to_numpy().astype(np.int64)
            least = whole.min()
            if whole.max() - least < MAX_COUNTED_SPAN:
                counts = np.bincount(whole - least)
                found = np.flatnonzero(counts)
                return cls((found + least).astype(np.float64), counts[found])
        raw = column.to_numpy(np.float64, na_value=np.nan)
        known = raw[~np.isnan(raw)]
        return cls(known, np.ones(len(known), dtype=np.int64))

    @property
    def rows(self) -> int:
        """Return the number of rows with a value."""
        return int(self.counts.sum())

    @property
    def each(self) -> np.ndarray:
        """Return one value a row, in no particular order; shape (rows,)."""
        return np.repeat(self.values, self.counts)

    def median(self) -> float:
        """Compute the median over rows."""
        if self.counts.max() == 1:
            return float(np.median(self.values))
        order = np.argsort(self.values)
        ranks = np.cumsum(self.counts[order])
        middle = np.searchsorted(ranks, [(self.rows - 1) // 2, self.rows // 2], side="right")
        return float(self.values[order][middle].mean())

    def mode(self) -> float:
        """Compute the most frequent value, the smallest of several."""
        values, places = np.unique(self.values, return_inverse=True)
        return float(values[np.bincount(places, weights=self.counts).argmax()])

    def mean(self) -> float:
        """Compute the mean over rows."""
        return float(np.average(self.values, weights=self.counts))

    def deviation(self) -> float:
        """Compute the standard deviation over rows (of the population)."""
        return float(np.sqrt(np.average((self.values - self.mean()) ** 2, weights=self.counts)))
