"""The file as it comes from the disk, or of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.config.schema import SplitParameters
from casebook.data.splitting import assign_rows
from casebook.datasets import RawArrays
from casebook.datasets.arrivals import read_as
from casebook.datasets.blocks import NewRowsReader
from casebook.pipelines.boston.columns import INPUTS
from casebook.pipelines.boston.nodes import ingest_houses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def houses(file: Path) -> pd.DataFrame:
    return pd.DataFrame(np.load(file)["x"], columns=list(INPUTS))


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "without prices": lambda table, path: np.savez(path.with_suffix(".npz"), x=table.to_numpy()),
    "with prices": lambda table, path: np.savez(path.with_suffix(".npz"), x=table.to_numpy(), y=np.ones(len(table))),
    "CSV": lambda table, path: table.to_csv(path.with_suffix(".csv"), index=False),
    "small letters": lambda table, path: table.rename(columns=str.lower).to_csv(path.with_suffix(".csv"), index=False),
    "CSV with prices": lambda table, path: table.assign(MEDV=1).to_csv(path.with_suffix(".csv"), index=False),
    "CSV without a header": lambda table, path: table.to_csv(path.with_suffix(".csv"), index=False, header=False),
    "Parquet": lambda table, path: table.to_parquet(path.with_suffix(".parquet")),
}


@pytest.mark.parametrize("form", WRITERS)
def test_new_houses_are_read_with_or_without_prices_from_any_kind_of_file(file: Path, form: str) -> None:
    table = houses(file).head(20)
    WRITERS[form](table, file.with_name("new"))
    (name,) = [path.name for path in file.parent.glob("new.*")]
    (block,) = NewRowsReader(file.parent, load_case("boston").new_rows, "2026-01-01").blocks(name)
    typed = conform_table(block.rows[list(INPUTS)], dict.fromkeys(INPUTS, "number"), name)
    pd.testing.assert_frame_equal(typed.astype(float), table.astype(float))


def test_new_houses_that_do_not_fit_are_refused_by_the_name_of_their_file(file: Path) -> None:
    np.savez(file.with_name("new.npz"), x=np.ones((4, 12)))
    with pytest.raises(InvalidTableError, match=r"^new\.npz, array x: has the shape \(4, 12\); \(rows, 13\) is needed"):
        list(NewRowsReader(file.parent, load_case("boston").new_rows, "2026-01-01").blocks("new.npz"))


def test_a_table_of_houses_can_be_learnt_from_and_is_named_in_errors(file: Path) -> None:
    table = houses(file).assign(MEDV=np.linspace(5, 50, 506))
    table.to_csv(file.with_name("new.csv"), index=False)
    assert len(ingest_houses(read_as("casebook.datasets.RawArrays", file.with_name("new.csv")))) == 506
    table.assign(CHAS=2).to_csv(file.with_name("new.csv"), index=False)
    with pytest.raises(InvalidTableError, match=r"^new\.csv, column CHAS: '2' is not a whole number from 0 to 1"):
        ingest_houses(read_as("casebook.datasets.RawArrays", file.with_name("new.csv")))
