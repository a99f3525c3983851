"""Tables written in the background: whole, in their types, and never a lost error."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from kedro.io import CachedDataset

from casebook.datasets import TableFile, tables
from casebook.datasets.tables import run_after_writes, wait_for_writes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    """Leave no write of one test to the next."""
    tables.PENDING.clear()
    yield
    for write in tables.PENDING.values():
        write.exception()
    tables.PENDING.clear()


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": pd.Categorical(["type 1", None, "type 2"], categories=["type 2", "type 1", "type 3"]),
            "id": pd.Series(["a", "b", "c"], dtype="str"),
            "date": pd.Series(["2023-01-01", "2023-01-02", None], dtype="datetime64[s]"),
            "flag": [True, False, True],
            "outcome": np.array([0, 1, 1], dtype="int8"),
        }
    )


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hold every write back until the gate is opened."""
    gate, real = threading.Event(), tables.write_table

    def write(data: pd.DataFrame, filepath: Path) -> None:
        assert gate.wait(60)
        real(data, filepath)

    monkeypatch.setattr(tables, "write_table", write)
    return gate


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(_table: object, path: Path, **_options: object) -> None:
        path.write_bytes(b"PAR1 half")
        raise OSError("No space left on device")

    monkeypatch.setattr(pyarrow.parquet, "write_table", write_half)


def test_a_table_comes_back_with_its_types_categories_and_nulls(tmp_path: Path, table: pd.DataFrame) -> None:
    dataset = TableFile(str(tmp_path / "made" / "activities.parquet"))
    assert not dataset.exists()
    dataset.save(table)
    assert dataset.exists()
    pd.testing.assert_frame_equal(dataset.load(), table)


def test_saving_does_not_wait_for_the_disk_but_loading_does(
    tmp_path: Path, table: pd.DataFrame, gate: threading.Event
) -> None:
    dataset = TableFile(str(tmp_path / "activities.parquet"))
    dataset.save(table)
    assert list(tmp_path.iterdir()) == []
    gate.set()
    pd.testing.assert_frame_equal(TableFile(str(tmp_path / "activities.parquet")).load(), table)


def test_settling_waits_for_all_tables(tmp_path: Path, table: pd.DataFrame, gate: threading.Event) -> None:
    for name in ("a.parquet", "b.parquet"):
        TableFile(str(tmp_path / name)).save(table)
    wait_for_writes(only_done=True)
    assert len(tables.PENDING) == 2
    gate.set()
    wait_for_writes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]
    assert tables.PENDING == {}


def test_the_later_of_two_tables_of_one_name_stays(tmp_path: Path, table: pd.DataFrame) -> None:
    dataset = TableFile(str(tmp_path / "activities.parquet"))
    dataset.save(table)
    dataset.save(table.head(1))
    wait_for_writes()
    assert len(dataset.load()) == 1


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_told_when_writes_are_settled(tmp_path: Path, table: pd.DataFrame) -> None:
    TableFile(str(tmp_path / "activities.parquet")).save(table)
    with pytest.raises(OSError, match="No space left on device"):
        wait_for_writes()
    wait_for_writes()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_earlier_table(
    tmp_path: Path, table: pd.DataFrame, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "activities.parquet"
    dataset = TableFile(str(path))
    dataset.save(table)
    wait_for_writes()
    request.getfixturevalue("full_disk")
    dataset.save(table.head(1))
    with pytest.raises(OSError, match="No space left on device"):
        wait_for_writes()
    pd.testing.assert_frame_equal(TableFile(str(path)).load(), table)
    assert [file.name for file in tmp_path.iterdir()] == ["activities.parquet"]


def test_any_reader_of_parquet_sees_the_same_values(tmp_path: Path, table: pd.DataFrame) -> None:
    TableFile(str(tmp_path / "activities.parquet")).save(table)
    wait_for_writes()
    read = pd.read_parquet(tmp_path / "activities.parquet")
    pd.testing.assert_frame_equal(read.astype({"date": "datetime64[s]"}), table)


def test_a_table_in_memory_is_written_to_its_file_too(tmp_path: Path, table: pd.DataFrame) -> None:
    path = tmp_path / "activities.parquet"
    dataset = CachedDataset({"type": TableFile, "filepath": str(path)}, copy_mode="assign")
    dataset.save(table)
    assert dataset.load() is table
    wait_for_writes()
    pd.testing.assert_frame_equal(TableFile(str(path)).load(), table)


def test_what_comes_after_the_writes_comes_when_all_are_done(
    tmp_path: Path, table: pd.DataFrame, gate: threading.Event
) -> None:
    seen: list[list[str]] = []
    TableFile(str(tmp_path / "a.parquet")).save(table)
    run_after_writes(lambda: seen.append(sorted(file.name for file in tmp_path.iterdir())), tmp_path / "record")
    assert seen == []
    gate.set()
    wait_for_writes()
    assert seen == [["a.parquet"]]


@pytest.mark.usefixtures("full_disk")
def test_what_comes_after_a_write_that_failed_does_not_come(tmp_path: Path, table: pd.DataFrame) -> None:
    TableFile(str(tmp_path / "a.parquet")).save(table)
    seen: list[int] = []
    run_after_writes(lambda: seen.append(1), tmp_path / "record")
    with pytest.raises(OSError, match="No space left on device"):
        wait_for_writes()
    wait_for_writes()
    assert seen == []
