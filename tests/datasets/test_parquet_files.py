"""Parquet files and folders hold the same whether they are learnt from, predicted or joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casebook.cases.registry import NewRows
from casebook.config.schema.table_declaration import TableParameters
from casebook.datasets import RawParquet
from casebook.datasets.blocks import NewRowsReader
from casebook.datasets.declared import read_table
from casebook.datasets.raw import RawFileError, reading

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, **columns: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def read_all(path: Path) -> list[dict[str, list[Any]]]:
    """Read by each of the three readers -> the columns of each."""
    blocks = list(NewRowsReader(path.parent, NewRows(path.name, {}), "2026-01-01").blocks())
    tables = [
        RawParquet(str(path)).load(),
        read_declared(path),
        pd.concat([block.rows for block in blocks], ignore_index=True),
    ]
    return [{name: plain(table[name]) for name in table} for table in tables]


def read_declared(path: Path) -> pd.DataFrame:
    with reading(path):
        return read_table(path, TableParameters(file=path.name))


def plain(column: pd.Series) -> list[Any]:
    return column.astype(object).where(column.notna(), None).tolist()


def test_the_folder_of_a_file_is_no_column_and_subfolders_of_a_folder_are(tmp_path: Path) -> None:
    file = write(tmp_path / "rows" / "month=1" / "a.parquet", x=[1, 2])
    assert read_all(file) == [{"x": [1, 2]}] * 3
    write(tmp_path / "rows" / "month=2" / "b.PARQUET", x=[3])
    write(tmp_path / "rows" / "month=2" / "_hidden.parquet", x=[4])
    (tmp_path / "rows" / "README.md").write_text("no rows")
    assert read_all(tmp_path / "rows") == [{"x": [1, 2, 3], "month": [1, 1, 2]}] * 3


def test_a_named_index_is_a_column_and_a_nameless_one_is_none(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": [7, 8], "x": [1, 2]}, index=[30, 10])
    table.to_parquet(tmp_path / "nameless.parquet")
    assert read_all(tmp_path / "nameless.parquet") == [{"id": [7, 8], "x": [1, 2]}] * 3
    # Two numbers are a range to pandas, however far apart.
    three = pd.DataFrame({"id": [7, 5, 9], "x": [1, 2, 3]})
    for dropped in (True, False):
        three.set_index("id", drop=dropped).to_parquet(tmp_path / "named.parquet")
        assert read_all(tmp_path / "named.parquet") == [{"id": [7, 5, 9], "x": [1, 2, 3]}] * 3
    # pandas describes a range by its ends alone, which are those of the whole file and of no part of it.
    table[["x"]].rename_axis("id").set_index(pd.RangeIndex(2, name="id")).to_parquet(tmp_path / "range.parquet")
    assert read_all(tmp_path / "range.parquet") == [{"x": [1, 2]}] * 3


def test_files_of_a_folder_may_lack_columns_that_others_have(tmp_path: Path) -> None:
    write(tmp_path / "rows" / "a.parquet", x=[1], y=pa.nulls(1))  # type: ignore[arg-type]
    write(tmp_path / "rows" / "b.parquet", y=["u"], z=[0.5], x=[2])
    assert read_all(tmp_path / "rows") == [{"x": [1, 2], "y": [None, "u"], "z": [None, 0.5]}] * 3


@pytest.mark.parametrize("reader", [read_declared, lambda path: RawParquet(str(path)).load(), read_all])
def test_what_no_table_can_hold_is_refused_by_the_files_name(tmp_path: Path, reader: Any) -> None:  # noqa: ANN401
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "twice.parquet")
    with pytest.raises(RawFileError, match=r"twice\.parquet has the column 'a' 2 times, in places 1 and 2; keep one"):
        reader(tmp_path / "twice.parquet")
    write(tmp_path / "rows" / "a.parquet", x=[1])
    write(tmp_path / "rows" / "b.parquet", x=["one"])
    with pytest.raises(
        RawFileError, match=r"rows cannot be read as PARQUET \(its files do not fit together: .*Field x "
    ):
        reader(tmp_path / "rows")
    (tmp_path / "none").mkdir()
    with pytest.raises(RawFileError, match="a folder is read as one of Parquet files, and there are none"):
        reader(tmp_path / "none")
