"""The file as it comes from the disk, or of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from casebook.cases.registry import load_case
from casebook.config.schema import SplitParameters
from casebook.data.splitting import assign_rows
from casebook.datasets import RawArrays
from casebook.pipelines.boston.nodes import ingest_houses

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

PUBLISHED = {"strategy": "given", "keys": {"given": "part"}, "validation_share": 0.2574,
             "validation_on": "training", "seed": 2018}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file in which nothing is wrong."""
    load_case("boston").write_sample({"rows": 506, "seed": 5}, tmp_path)
    return tmp_path / "boston_housing.npz"


def read(file: Path) -> pd.DataFrame:
    return ingest_houses(RawArrays(str(file)).load())


def test_the_published_validation_rows_are_the_training_rows_from_the_300th_on(file: Path) -> None:
    parts = assign_rows(read(file), SplitParameters.model_validate(PUBLISHED))
    # 1 training, 3 training and validation, 4 test.
    assert parts.tolist() == [1] * 300 + [3] * 104 + [4] * 102


def test_a_damaged_file_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:2_000])
    with pytest.raises(Exception, match=r"boston_housing\.npz cannot be read as NPZ .*get it again") as told:
        read(file)
    assert type(told.value).__name__ == "RawFileError"


def test_objects_in_the_file_are_refused(file: Path) -> None:
    np.savez(file, x=np.array([{"rooms": 6}], dtype=object), y=np.ones(1))
    with pytest.raises(Exception, match=r"boston_housing\.npz cannot be read as NPZ") as told:
        read(file)
    assert type(told.value).__name__ == "RawFileError"


def test_a_file_already_divided_is_refused_by_the_arrays_that_it_lacks(file: Path) -> None:
    np.savez(file, x_train=np.ones((4, 13)), y_train=np.ones(4))
    with pytest.raises(Exception, match=r"npz lacks the arrays x, y; it has x_train, y_train: get the file") as told:
        read(file)
    assert type(told.value).__name__ == "InvalidTableError"


@pytest.mark.real
def test_the_real_file_holds_what_is_known_of_it(real_raw: Path) -> None:
    houses = read(real_raw / "boston" / "boston_housing.npz")
    assert houses.shape == (506, 15)
    # Keras's first training row and first test row.
    assert houses.loc[0, ["CRIM", "LSTAT", "MEDV"]].tolist() == [1.23247, 18.72, 15.2]
    assert houses.loc[404, ["CRIM", "LSTAT", "MEDV"]].tolist() == [18.0846, 29.05, 7.2]
