"""Rows in shards are read as those of an array."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from casebook.preprocessing.arrays import stack_arrays
from casebook.preprocessing.shards import PIECE_ROWS, ShardedArray, are_sharded, list_pieces, take_rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rows() -> np.ndarray:
    return np.arange(40, dtype=np.int32).reshape(20, 2)


@pytest.fixture
def shards(rows: np.ndarray, tmp_path: Path) -> ShardedArray:
    """Twenty rows in four files, one of them without any."""
    files = []
    for number, part in enumerate(np.split(rows, [7, 7, 12])):
        files.append(tmp_path / f"{number}.npy")
        np.save(files[-1], part)
    return ShardedArray(files)


def test_shards_have_the_form_of_the_whole(shards: ShardedArray) -> None:
    assert (shards.shape, shards.ndim, shards.dtype, len(shards)) == ((20, 2), 2, np.int32, 20)


@pytest.mark.parametrize("index", [slice(None), slice(3, 15), slice(None, None, 6), slice(5, 5), slice(18, 40)])
def test_a_slice_of_shards_is_that_of_the_whole(shards: ShardedArray, rows: np.ndarray, index: slice) -> None:
    assert shards[index].tolist() == rows[index].tolist()


def test_places_are_read_in_their_order_and_as_often_as_they_come(shards: ShardedArray, rows: np.ndarray) -> None:
    places = np.array([19, 0, 7, 6, 12, 0], dtype=np.int32)
    assert shards[places].tolist() == rows[places].tolist()
    assert shards[np.array([], dtype=int)].shape == (0, 2)


def test_numpy_reads_the_whole(shards: ShardedArray, rows: np.ndarray) -> None:
    assert np.asarray(shards, np.float32).tolist() == rows.tolist()
    with pytest.raises(ValueError, match="anew each time"):
        np.asarray(shards, copy=False)


def test_shards_are_pickled_by_their_files(shards: ShardedArray, rows: np.ndarray) -> None:
    content = pickle.dumps(shards)
    assert len(content) < 1000
    assert pickle.loads(content)[:].tolist() == rows.tolist()  # noqa: S301


def test_joined_shards_stay_on_the_disk(shards: ShardedArray, rows: np.ndarray) -> None:
    joined = stack_arrays({"codes": shards, "target": np.zeros(20)}, {"codes": shards, "target": np.ones(20)})  # type: ignore[dict-item]
    assert isinstance(joined["codes"], ShardedArray)
    assert joined["codes"][18:22].tolist() == [*rows[18:].tolist(), *rows[:2].tolist()]
    assert joined["target"].tolist() == [0.0] * 20 + [1.0] * 20
    assert are_sharded(joined)
    assert not are_sharded(take_rows(joined, slice(0, 3)))


def test_pieces_are_of_nearly_one_size_and_hold_every_row() -> None:
    rows = 2 * PIECE_ROWS + 1
    ends = [(piece.start, piece.stop) for piece in list_pieces(rows)]
    assert ends == [(0, PIECE_ROWS), (PIECE_ROWS, 2 * PIECE_ROWS), (2 * PIECE_ROWS, rows)]
    assert list(list_pieces(0)) == [slice(0, 0)]
