"""Prepared rows in shards on the disk, read piece by piece: what does not fit into memory looks like an array."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from casebook.preprocessing.tabular import Arrays

# Rows that are worked on at once where a whole array is gone through.
PIECE_ROWS = 65_536


class ShardedArray:
    """An array whose rows lie in several `.npy` files, in their order; indexed as an array is along its first axis.

    Only what is asked for is read, and nothing stays mapped into memory behind it.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        """Store the files, at least one; all have the same type and the same columns."""
        self.files = list(files)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the files alone."""
        return {"files": self.files}

    @cached_property
    def _forms(self) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        return [(mapped.shape, mapped.dtype) for mapped in map(_map, self.files)]

    @cached_property
    def _starts(self) -> np.ndarray:
        """The first row of each shard, and the number of all rows."""
        return np.cumsum([0, *(shape[0] for shape, _ in self._forms)])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole."""
        return (len(self), *self._forms[0][0][1:])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return self._forms[0][1]

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._starts[-1])

    def __getitem__(self, index: slice | np.ndarray) -> np.ndarray:
        """Read rows: those of a slice, or of an array of their places."""
        if isinstance(index, slice):
            first, last, step = index.indices(len(self))
            index = np.arange(first, last, step)
        rows = np.asarray(index)
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        shards = np.searchsorted(self._starts, rows, "right") - 1
        for shard in np.unique(shards):
            here = np.flatnonzero(shards == shard)
            found[here] = _map(self.files[shard])[rows[here] - self._starts[shard]]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:  # noqa: ANN401 - NumPy's protocol
        """Read the whole."""
        if copy is False:
            raise ValueError("rows in shards are read anew each time")
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    def join(self, later: ShardedArray) -> ShardedArray:
        """Return the rows of both."""
        return ShardedArray([*self.files, *later.files])


def _map(file: Path) -> np.ndarray:
    mapped: np.ndarray = np.load(file, mmap_mode="r")
    return mapped


def are_sharded(arrays: Mapping[str, Any]) -> bool:
    """Return whether rows lie in shards."""
    return any(isinstance(values, ShardedArray) for values in arrays.values())


def list_pieces(rows: int) -> Iterator[slice]:
    """Yield stretches of rows that are worked on at once; one of nothing where there are no rows."""
    for start in range(0, max(1, rows), PIECE_ROWS):
        yield slice(start, min(start + PIECE_ROWS, rows))


def take_rows(arrays: Mapping[str, Any], rows: slice | np.ndarray) -> Arrays:
    """Read some rows of arrays by name."""
    return {name: values[rows] for name, values in arrays.items()}


def compute_by_piece(compute: Callable[[Arrays], np.ndarray], arrays: Mapping[str, Any]) -> np.ndarray:
    """Compute what follows from each row alone, of rows in shards piece by piece; (rows, ...) in their order."""
    if not are_sharded(arrays):
        return compute(dict(arrays))
    rows = len(next(iter(arrays.values())))
    return np.concatenate([compute(take_rows(arrays, piece)) for piece in list_pieces(rows)])
