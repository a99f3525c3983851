"""What goes between a run and its background process."""

# ruff: noqa: S301 - what is unpickled was pickled here

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.figure import Figure

from casebook.background.transfer import PickledOutput, RenderedFigure, pack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mapped(tmp_path: Path) -> np.ndarray:
    """A large array in a file, mapped into memory."""
    np.save(tmp_path / "codes.npy", np.arange(100_000).reshape(-1, 4))
    return np.load(tmp_path / "codes.npy", mmap_mode="r")


def test_an_array_in_a_file_goes_as_its_place_there(mapped: np.ndarray) -> None:
    packed = pack({"codes": mapped})
    assert len(packed) < 1000
    there = pickle.loads(packed)["codes"]
    np.testing.assert_array_equal(there, mapped)
    assert there.dtype == mapped.dtype
    assert not there.flags.writeable


@pytest.mark.parametrize("part", [slice(1, 3), slice(None, None, 2)])
def test_a_part_of_an_array_in_a_file_goes_by_its_values(mapped: np.ndarray, part: slice) -> None:
    np.testing.assert_array_equal(pickle.loads(pack(mapped[part])), np.arange(100_000).reshape(-1, 4)[part])


def test_a_figure_goes_as_the_picture_that_it_saves(tmp_path: Path) -> None:
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([1, 2])
    picture = pickle.loads(pack({"line.png": figure}))["line.png"]
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    picture.savefig(tmp_path / "line.png")
    assert (tmp_path / "line.png").read_bytes() == picture.png == drawn.getvalue()
    assert isinstance(picture, RenderedFigure)


def test_a_sealed_value_is_opened_where_it_arrives() -> None:
    assert pickle.loads(pack([PickledOutput(pickle.dumps({"trees": 3}))])) == [{"trees": 3}]
