"""A CSV file is read alike whether as a whole, for training, or in blocks, to be predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.cases.registry import NewRows
from casebook.column_types.parsing import conform_table
from casebook.datasets import RawTable
from casebook.datasets.blocks import NewRowsReader
from casebook.datasets.csv_reading import read_csv_options
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"day": "date", "a, b": "text", "size": "number"}
ROWS = '2022-07-20T00:15:00+02:00,001,1.0\n2022-07-19T23:45:00Z,1e5,\n2022-7-3,"x, y",2\n'


def read_both(folder: Path, content: bytes, names: tuple[str, ...] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    (folder / "rows.csv").write_bytes(content)
    whole = RawTable(str(folder / "rows.csv"), names=list(names) or None).load()
    (block,) = NewRowsReader(folder, NewRows("rows.csv", {}, names=names), "2026-01-01").blocks()
    assert block.broken == []
    return whole, block.rows


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("header", ['"day","a, b","size"', 'day,"a, b",size'], ids=["all quoted", "one quoted"])
def test_a_quoted_header_leaves_every_value_the_text_that_stands_there(
    tmp_path: Path, header: str, end: str, mark: str
) -> None:
    content = f"{mark}{header}\n{ROWS}".replace("\n", end).encode()
    for table in read_both(tmp_path, content):
        assert table.columns.tolist() == list(KINDS)
        assert all(isinstance(table[name].dtype, pd.CategoricalDtype) for name in table)
        assert table["a, b"].tolist() == ["001", "1e5", "x, y"]
        # The day is the one that was written: in UTC the first would be the 19th.
        typed = conform_table(table, KINDS, "rows.csv")
        assert typed["day"].tolist() == [pd.Timestamp(day) for day in ("2022-07-20", "2022-07-19", "2022-07-03")]
        assert typed["size"].fillna(-1).tolist() == [1.0, -1.0, 2.0]


def test_blanks_in_a_header_belong_to_the_name(tmp_path: Path) -> None:
    for table in read_both(tmp_path, b"a ,b \n01,02\n"):
        assert {name: table[name].tolist() for name in table} == {"a ": ["01"], "b ": ["02"]}


def test_the_names_that_a_file_lacks_are_quoted_by_no_one(tmp_path: Path) -> None:
    for table in read_both(tmp_path, b'"01",2\n3,"04"\n', names=("size", "age")):
        assert {name: table[name].tolist() for name in table} == {"size": ["01", "3"], "age": ["2", "04"]}


def test_columns_that_are_not_worth_a_dictionary_are_plain(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('"id","age"\n1,2\n')
    options = read_csv_options(tmp_path / "rows.csv", plain=["id"])
    assert options.names == ["id", "age"]
    assert {name: str(kind) for name, kind in options.convert.column_types.items()} == {
        "id": "string",
        "age": "dictionary<values=string, indices=int32, ordered=0>",
    }


def test_a_first_line_that_is_no_header_is_refused_by_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x" * 200_000 + "\n")
    with pytest.raises(
        RawFileError, match=r"rows\.csv cannot be read as CSV \(its first line is no header: field larg"
    ):
        RawTable(str(tmp_path / "rows.csv")).load()
    with pytest.raises(
        RawFileError, match=r"rows\.csv cannot be read as CSV \(its first line is no header: field larg"
    ):
        list(NewRowsReader(tmp_path, NewRows("rows.csv", {}), "2026-01-01").blocks())
