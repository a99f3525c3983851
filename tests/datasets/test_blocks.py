"""New rows are read piece by piece, whatever kind of file holds them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.cases.registry import NewRows
from casebook.column_types.parsing import InvalidTableError
from casebook.data.source_names import source_of
from casebook.datasets import NewRowsFolder, OutcomesFolder, blocks, csv_blocks
from casebook.datasets.blocks import NewRowsReader
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.batch_scoring.raw_block import RawBlock


def read(folder: Path, form: NewRows, file: str = "") -> list[RawBlock]:
    return list(NewRowsReader(folder, form, "2026-01-01").blocks(file))


def test_a_csv_file_comes_in_blocks_of_texts_numbered_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 250)
    table = pd.DataFrame({"id": [f"a{number}" for number in range(500)], "age": range(500)})
    table.to_csv(tmp_path / "new.csv", index=False)
    found = read(tmp_path, NewRows("new.csv", {}, key="id"))
    assert len(found) > 3
    assert np.concatenate([block.numbers for block in found]).tolist() == list(range(500))
    rows = pd.concat([block.rows.astype(object) for block in found], ignore_index=True)
    pd.testing.assert_frame_equal(rows, table.astype(str).astype(object), check_column_type=False)


def test_lines_with_another_number_of_values_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("id,age\na,1\nb\nc,3\nd,4,5\n")
    (found,) = read(tmp_path, NewRows("new.csv", {}))
    assert found.rows["id"].tolist() == ["a", "c"]
    assert found.numbers.tolist() == [0, 2]
    assert found.broken == [(1, "1 values instead of 2: b"), (3, "3 values instead of 2: d,4,5")]


@pytest.mark.parametrize("header", ["id,x\r", "\r\rid,x\r", ""])
def test_lines_may_end_in_carriage_returns_alone_as_old_spreadsheets_write_them(tmp_path: Path, header: str) -> None:
    (tmp_path / "new.csv").write_bytes(f"{header}1,2\r3,4\r".encode())
    (block,) = read(tmp_path, NewRows("new.csv", {}, names=() if header else ("id", "x")))
    assert block.rows.astype(object).to_numpy().tolist() == [["1", "2"], ["3", "4"]]
    assert block.numbers.tolist() == [0, 1]


def test_an_empty_value_is_a_null(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text('id,age\na,\nb,""\n')
    (found,) = read(tmp_path, NewRows("new.csv", {}))
    assert found.rows["age"].isna().tolist() == [True, True]


@pytest.mark.parametrize("header", ["", "age,size\n"])
def test_a_file_that_may_lack_its_header_has_the_names_that_are_known(tmp_path: Path, header: str) -> None:
    (tmp_path / "new.csv").write_text(f"{header}1,2\n3,4\n")
    (found,) = read(tmp_path, NewRows("new.csv", {}, names=("age", "size")))
    assert found.rows.astype(str).to_dict("list") == {"age": ["1", "3"], "size": ["2", "4"]}


def test_parquet_and_archives_are_read_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 2)
    pd.DataFrame({"text": ["a", "b", "c"]}).to_parquet(tmp_path / "new.parquet")
    named = NewRows("new.parquet", {}, parse=lambda rows: rows.rename(columns={"text": "review"}))
    assert [(block.numbers.tolist(), block.rows["review"].tolist()) for block in read(tmp_path, named)] == [
        ([0, 1], ["a", "b"]), ([2], ["c"]),
    ]  # fmt: skip
    np.savez(tmp_path / "new.npz", x=np.arange(3))
    arrays = NewRows("new.npz", {}, parse_arrays=lambda found: pd.DataFrame({"x": found["x"]}))
    assert [block.numbers.tolist() for block in read(tmp_path, arrays)] == [[0, 1], [2]]
    assert [block.rows["x"].tolist() for block in read(tmp_path, arrays)] == [[0, 1], [2]]
    assert [block.rows.index.tolist() for block in read(tmp_path, arrays)] == [[0, 1], [0]]


def test_another_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "later.csv").write_text("id\nz\n")
    assert read(tmp_path, NewRows("new.csv", {}), "later.csv")[0].rows["id"].tolist() == ["z"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("missing.csv", None, r"missing\.csv is missing; put the rows to predict there or name another file"),
        ("rows.txt", b"x", r"rows\.txt: give a file of \.csv \(also \.csv\.gz"),
        ("rows.csv", b"id,age\n", r"rows\.csv holds no rows"),
        ("rows.csv", b"", r"rows\.csv cannot be read as CSV \(the file is empty"),
        ("rows.csv", b"\n\n", r"rows\.csv cannot be read as CSV \(the file is empty"),
        ("rows.csv", b"id\n\xff\xfe\n", r"rows\.csv cannot be read as CSV \(data row 1, column id: .* is not UTF-8"),
        ("rows.csv", "id,age\n1,2\n".encode("utf-16"), r"\(the file is in UTF-16: save it as UTF-8"),
        ("rows.csv", b"id;age\n1;2\n", r"\(its columns are separated by semicolons; save it with commas\)"),
        ("rows.csv", b"id\tage\n1\t2\n", r"\(its columns are separated by tabs; save it with commas\)"),
        ("rows.csv", b"id,age,id\n1,2,3\n", r"has the column 'id' 2 times, in places 1 and 3; keep one of them"),
        ("rows.csv", b"PK\x03\x04 an Excel workbook", r"\(the file is a zip archive or an Excel workbook"),
        ("rows.csv", b'[{"id": 1, "age": 2}]', r"\(the file is JSON: save it as CSV UTF-8"),
        ("rows.csv", b'{"id": 1, "age": 2}\n{"id": 3}\n', r"\(the file is JSON: save it as CSV UTF-8"),
        ("rows.csv", b"\n<!DOCTYPE html>\n<html>", r"\(the file is a web page: download the file itself"),
        ("rows.csv", b"version https://git-lfs.github.com/spec/v1\n", r"\(the file is a pointer of Git LFS: fetch"),
        ("rows.csv", b"PAR1 and more", r"\(the file is Parquet: let its name end in \.parquet"),
        ("rows.parquet", b"id,age\n1,2\n", r"rows\.parquet cannot be read as PARQUET"),
        ("rows.csv.gz", b"id,age\n", r"rows\.csv\.gz cannot be read as CSV"),
        ("rows.xlsx", b"PK", r"rows\.xlsx: give a file of \.csv"),
        ("rows.parquet", b"PAR1 cut off", r"rows\.parquet cannot be read as PARQUET"),
        ("rows.npz", b"no archive", r"rows\.npz cannot be read as NPZ"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, file: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(RawFileError, match=message):
        read(tmp_path, NewRows(file, {}))


def test_a_cases_folder_is_where_its_raw_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path))
    (tmp_path / "redhat").mkdir()
    (tmp_path / "redhat" / "people.csv").write_text("people_id,char_1\nppl_1,type 1\n")
    (tmp_path / "redhat" / "outcomes.csv").write_text("activity_id,outcome\na,1\n")
    (tmp_path / "redhat" / "act_test.csv").write_text("activity_id\na\n")
    reader = NewRowsFolder("redhat").load()
    assert reader.folder == tmp_path / "redhat"
    lookup_table = reader.lookup_table()
    assert lookup_table is not None
    assert lookup_table["people_id"].tolist() == ["ppl_1"]
    outcomes = OutcomesFolder("redhat").load()
    assert outcomes.key == "activity_id"
    assert outcomes.read("outcomes.csv")["outcome"].tolist() == ["1"]
    with pytest.raises(RawFileError, match="never written by a pipeline"):
        NewRowsFolder("redhat").save(lookup_table)


def test_a_case_of_whole_rows_has_no_owners() -> None:
    assert NewRowsFolder("pima").load().lookup_table() is None


ROWS = "id,age\na,1\nb,2\n"


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._rows.csv", "x")
        archive.writestr("rows.csv", ROWS)


WRITERS: dict[str, Callable[[Path], object]] = {
    "rows.csv.gz": lambda path: path.write_bytes(gzip.compress(ROWS.encode())),
    "rows.csv.bz2": lambda path: path.write_bytes(bz2.compress(ROWS.encode())),
    "rows.csv.xz": lambda path: path.write_bytes(lzma.compress(ROWS.encode())),
    "rows.zip": write_zip,
    "ROWS.CSV": lambda path: path.write_text(ROWS),
    "rows.PQ": lambda path: pd.read_csv(io.StringIO(ROWS), dtype=str).to_parquet(path),
    "rows.npz": lambda path: np.savez(path, id=np.array(["a", "b"]), age=np.array(["1", "2"])),
}


@pytest.mark.parametrize("name", WRITERS)
def test_rows_come_from_any_kind_of_file_under_whatever_case_of_its_suffix(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    (found,) = read(tmp_path, NewRows("new.csv", {}), name)
    assert found.rows.astype(object).to_dict("list") == {"id": ["a", "b"], "age": ["1", "2"]}


def test_a_folder_of_parquet_files_is_read_in_the_order_of_names_with_the_columns_of_its_subfolders(
    tmp_path: Path,
) -> None:
    for month, ids in ((2, ["c"]), (1, ["a", "b"])):
        (tmp_path / "rows" / f"month={month}").mkdir(parents=True)
        pd.DataFrame({"id": ids}).to_parquet(tmp_path / "rows" / f"month={month}" / "part.parquet")
    (tmp_path / "rows" / "_SUCCESS").write_text("")
    found = read(tmp_path, NewRows("new.csv", {}), "rows")
    assert [block.rows["id"].tolist() for block in found] == [["a", "b"], ["c"]]
    assert [block.rows["month"].astype(int).tolist() for block in found] == [[1, 1], [2]]
    assert [block.numbers.tolist() for block in found] == [[0, 1], [2]]


def test_a_folder_without_parquet_files_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "a.txt").write_text("")
    with pytest.raises(RawFileError, match=r"is read as one of Parquet files, and there are none; it holds a\.txt"):
        read(tmp_path, NewRows("new.csv", {}), "rows")


def test_a_zip_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
        archive.writestr("a.csv", ROWS)
        archive.writestr("b.csv", ROWS)
    with pytest.raises(RawFileError, match=r"exactly one file is needed, this one holds 2: a\.csv, b\.csv"):
        read(tmp_path, NewRows("new.csv", {}), "rows.zip")


def test_files_lie_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, home, here = (tmp_path / name for name in ("raw", "home", "here"))
    for folder in (raw, home, here):
        folder.mkdir()
        (folder / f"{folder.name}.csv").write_text(f"id\n{folder.name}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    for given in ("raw.csv", "~/home.csv", "here.csv", "../here/here.csv", str(here / "here.csv")):
        (found,) = read(raw, NewRows("new.csv", {}), given)
        assert found.rows["id"].tolist() == [given.rpartition("/")[2].removesuffix(".csv")]
    (here / "raw.csv").write_text("id\nother\n")
    with pytest.raises(RawFileError, match=r"raw\.csv is both .*here/raw\.csv and .*raw/raw\.csv; give the whole path"):
        read(raw, NewRows("new.csv", {}), "raw.csv")


def test_what_a_case_says_of_the_rows_is_no_damage_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text(ROWS)

    def refuse(rows: pd.DataFrame) -> pd.DataFrame:
        raise InvalidTableError(f"{source_of(rows, 'usual.csv')} has no rooms")

    with pytest.raises(InvalidTableError, match=r"^new\.csv has no rooms$"):
        read(tmp_path, NewRows("usual.csv", {}, parse=refuse), "new.csv")


def test_a_file_without_a_header_line_may_lack_the_target(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("1,2\n3,4\n")
    (found,) = read(tmp_path, NewRows("new.csv", {}, names=("age", "size", "left")))
    assert found.rows.astype(str).to_dict("list") == {"age": ["1", "3"], "size": ["2", "4"]}
    assert found.broken == []


@pytest.mark.parametrize("size", [1 << 20, 12])
def test_a_quote_that_is_not_closed_takes_no_other_row_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", size)
    text = 'id,age\na,5" pipe\n\nb,"two\nlines"\nc,"3\nd,4\ne,"5\nf,6\n'
    (tmp_path / "new.csv").write_text(text)
    found = read(tmp_path, NewRows("new.csv", {}))
    rows = pd.concat([block.rows.astype(object) for block in found])
    assert rows["id"].tolist() == ["a", "b", "d", "f"]
    assert rows["age"].tolist() == ['5" pipe', "two\nlines", "4", "6"]
    assert np.concatenate([block.numbers for block in found]).tolist() == [0, 1, 3, 5]
    assert [fault for block in found for fault in block.broken] == [
        (2, 'a quote is opened and not closed: c,"3'), (4, 'a quote is opened and not closed: e,"5'),
    ]  # fmt: skip


def test_every_row_behind_broken_ones_has_the_number_of_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK_BYTES", 300)
    lines = [f"a{number},{number}" for number in range(300)]
    broken = [0, 7, 8, 150, 299]
    for number in broken:
        lines[number] = "cut off"
    (tmp_path / "new.csv").write_text("id,age\n\n" + "\n".join(lines))
    found = read(tmp_path, NewRows("new.csv", {}))
    for block in found:
        assert block.rows["age"].astype(int).tolist() == block.numbers.tolist()
    assert [number for block in found for number, _ in block.broken] == broken
