"""Raw files of other forms than a CSV with a header, whole and damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from casebook.datasets import RawArrays, RawParquet, RawTable
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["size", "kind", "price"]


def read(path: Path, text: str) -> pd.DataFrame:
    path.write_text(text)
    return RawTable(str(path), names=NAMES).load()


@pytest.mark.parametrize("header", ["", "size,kind,price\n"], ids=["no header line", "a header line"])
def test_a_file_with_or_without_a_header_line_is_the_same_table(tmp_path: Path, header: str) -> None:
    table = read(tmp_path / "rows.csv", f"{header}1.5,a,10\n2.5,,11\n")
    assert table.columns.tolist() == NAMES
    assert [table[name].tolist() for name in ("size", "price")] == [["1.5", "2.5"], ["10", "11"]]
    assert table["kind"].isna().tolist() == [False, True]
    assert all(isinstance(table[name].dtype, pd.CategoricalDtype) for name in NAMES)


def test_a_header_line_of_other_names_is_kept_for_the_case_to_refuse(tmp_path: Path) -> None:
    assert read(tmp_path / "rows.csv", "kind,cost,size\na,1,2\n").columns.tolist() == ["kind", "cost", "size"]


def test_without_names_the_first_line_is_always_the_header(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("1,2\n3,4\n")
    table = RawTable(str(tmp_path / "rows.csv")).load()
    assert (table.columns.tolist(), len(table)) == (["1", "2"], 1)


def test_rows_of_another_width_than_the_names_are_refused_by_the_files_name(tmp_path: Path) -> None:
    with pytest.raises(RawFileError, match=r"rows\.csv cannot be read as CSV \(data row 1: 2 values instead of 3"):
        read(tmp_path / "rows.csv", "1.5,a\n2.5,b\n")


def test_reading_a_file_leaves_nothing_to_the_allocator_that_keeps_what_its_threads_took(tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("a,b\n" + "".join(f"{row},{row % 7}\n" for row in range(50_000)))
    before = pa.mimalloc_memory_pool().total_bytes_allocated()
    table = RawTable(str(file)).load()
    assert len(table) == 50_000
    assert pa.mimalloc_memory_pool().total_bytes_allocated() - before < 4 * file.stat().st_size
    assert pa.default_memory_pool().backend_name == "system"


def test_a_parquet_file_is_read_with_its_types(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": pd.Series(["good", "bad"], dtype="str"), "label": np.array([1, 0], dtype="int8")})
    table.to_parquet(tmp_path / "train.parquet")
    pd.testing.assert_frame_equal(RawParquet(str(tmp_path / "train.parquet")).load(), table)


def test_an_archive_of_a_machine_with_the_other_order_of_bytes_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.array([[1.5, 2.5]], dtype=">f8"), y=np.array([7], dtype=">i4"))
    found = RawArrays(str(tmp_path / "rows.npz")).load()
    assert {name: array.dtype.str for name, array in found.items()} == {"x": "<f8", "y": "<i4"}
    assert (found["x"].tolist(), found["y"].tolist()) == ([[1.5, 2.5]], [7])


def test_an_archive_is_read_as_its_arrays(tmp_path: Path) -> None:
    arrays = {"x_train": np.arange(8, dtype=np.uint8).reshape(2, 2, 2), "y_train": np.array([3, 7], dtype=np.uint8)}
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    found = RawArrays(str(tmp_path / "mnist.npz")).load()
    assert list(found) == list(arrays)
    for name, values in arrays.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


def damage_end(content: bytes) -> bytes:
    return content[: len(content) // 2]


def damage_begin(content: bytes) -> bytes:
    return content[:70] + bytes(30) + content[100:]


def damage_middle(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[: middle - 20] + b"\x00" * 40 + content[middle + 20 :]


DAMAGES = {
    "no bytes": lambda _content: b"",
    "cut off": damage_end,
    "damaged inside": damage_middle,
    "damaged at the begin": damage_begin,
    "a page of the web": lambda _content: b"<!DOCTYPE html><html><body>Sign in</body></html>",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("compressed", [True, False], ids=["compressed", "plain"])
def test_a_damaged_archive_is_refused_by_name_with_what_to_do(tmp_path: Path, damage: str, compressed: bool) -> None:
    path = tmp_path / "mnist.npz"
    values = np.random.default_rng(1).integers(0, 4, 50_000, dtype=np.uint8)
    (np.savez_compressed if compressed else np.savez)(path, x_train=values)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(RawFileError, match=r"mnist\.npz cannot be read as NPZ \(.*\); it may be cut off or damaged"):
        RawArrays(str(path)).load()


def test_a_single_array_under_the_archives_name_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "mnist.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(RawFileError, match=r"mnist\.npz cannot be read as NPZ"):
        RawArrays(str(tmp_path / "mnist.npz")).load()


def test_an_archive_of_python_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", x_train=np.array([{"a": 1}], dtype=object))
    with pytest.raises(RawFileError, match=r"mnist\.npz cannot be read as NPZ \(Object arrays cannot be loaded"):
        RawArrays(str(tmp_path / "mnist.npz")).load()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_parquet_file_is_refused_by_name_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "train.parquet"
    table = pd.DataFrame({"text": [f"review {number} of many" for number in range(500)]})
    table.to_parquet(path)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(RawFileError, match=r"train\.parquet cannot be read as PARQUET \("):
        RawParquet(str(path)).load()


@pytest.mark.parametrize("kind", [RawTable, RawParquet, RawArrays])
def test_a_missing_file_is_refused_and_no_raw_file_is_ever_written(
    tmp_path: Path, kind: type[RawTable | RawParquet | RawArrays]
) -> None:
    dataset = kind(str(tmp_path / "train.raw"))
    with pytest.raises(RawFileError, match=r"train\.raw is missing; put the file there or see data/README\.md"):
        dataset.load()
    with pytest.raises(RawFileError, match=r"train\.raw is a raw file and is never written by a pipeline"):
        dataset.save({"x": np.zeros(1)})
    assert list(tmp_path.iterdir()) == []
