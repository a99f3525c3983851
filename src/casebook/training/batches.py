"""Batches of an epoch: how many there are, how large, and which rows they hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from casebook.preprocessing.arrays import NO_INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casebook.preprocessing.tabular import Arrays

    # Targets (rows,), outputs (rows, outputs) and weights (rows,), None for equal ones -> a score a metric.
    Score = Callable[[np.ndarray, np.ndarray, np.ndarray | None], dict[str, float]]

# Python regains control once in so many steps, or rows where batches are small: callbacks and signals wait for it.
STEPS_PER_EXECUTION, ROWS_PER_EXECUTION = 64, 65_536
# Rows on a disk are read in stretches, and shuffled within windows of them.
STRETCH_ROWS, WINDOW_ROWS = 1_024, 1_048_576


def count_steps(rows: int, batch_size: int) -> int:
    """Count the batches of an epoch: no batch is larger than `batch_size`, and they are of nearly equal size."""
    return math.ceil(rows / batch_size)


def plan_epoch(rows: int, steps: int) -> Iterator[tuple[int, int, int]]:
    """Plan an epoch: every row comes once, first in batches that are one row larger, then in the others.

    Yields:
        First row, number of batches and rows a batch of each stretch that is run at once.
    """
    larger, size = rows % steps, rows // steps
    first = 0
    for count, width in ((larger, size + 1), (steps - larger, size)):
        at_once = max(STEPS_PER_EXECUTION, ROWS_PER_EXECUTION // width)
        for start in range(0, count, at_once):
            some = min(at_once, count - start)
            yield first, some, width
            first += some * width


def shuffle_rows(rows: int, seed: int, epoch: int) -> np.ndarray:
    """Compute the order of an epoch's rows, which depends on (seed, epoch) alone; int32 of shape (rows,)."""
    return np.random.default_rng([seed, epoch]).permutation(np.arange(rows, dtype=np.int32))


def shuffle_in_windows(rows: int, seed: int, epoch: int) -> np.ndarray:
    """Compute the order of an epoch's rows that are read from a disk, which depends on (seed, epoch) alone.

    Stretches of rows come in a random order, and those of a window of them are shuffled together: what is read at once
    lies in few places, and still comes from all over the table. So few rows that they are one window come in the order
    of `shuffle_rows`.

    Returns:
        int64 of shape (rows,), or int32 as long as they fit.
    """
    if rows <= WINDOW_ROWS:
        return shuffle_rows(rows, seed, epoch)
    generator = np.random.default_rng([seed, epoch])
    kind = np.int32 if rows <= np.iinfo(np.int32).max else np.int64
    starts = generator.permutation(math.ceil(rows / STRETCH_ROWS)) * STRETCH_ROWS
    order = np.concatenate([np.arange(start, min(start + STRETCH_ROWS, rows), dtype=kind) for start in starts])
    for first in range(0, rows, WINDOW_ROWS):
        generator.shuffle(order[first : first + WINDOW_ROWS])
    return order


def input_names(arrays: Arrays) -> list[str]:
    """List the arrays that go into a network."""
    return [name for name in arrays if name not in NO_INPUTS]
