"""Raw files in parts: together they are what the reader of whole files makes of them."""

from __future__ import annotations

import gzip
import pickle
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from casebook.config.schema.table_declaration import TableParameters
from casebook.data.stacking import stack_tables
from casebook.datasets import declared_parts
from casebook.datasets.declared import read_table
from casebook.datasets.declared_parts import TableParts
from casebook.datasets.file_kinds import UnreadableError
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from pathlib import Path

    from casebook.datasets.raw_parts import RawPart

QUOTED = 'name,size,note\n"a, b",1,x\nc,2,"two\nlines"\nd,,"say ""hi"""\ne,4,\nf,5,5"\n'


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared_parts, "PART_BYTES", 12)


def find_parts(path: Path, **said: Any) -> list[RawPart]:  # noqa: ANN401 - parameters
    declared = TableParameters.model_validate({"file": path.name, **said})
    return TableParts(path, declared, set(), path.parent / "scratch").find()


def read_parts(parts: list[RawPart]) -> pd.DataFrame:
    """Read all parts, as texts where they are categories: parts have others than the whole."""
    tables = [part.read() for part in parts]
    return stack_tables(tables).reset_index(drop=True)


def compare(path: Path, least: int = 3, **said: Any) -> None:  # noqa: ANN401
    parts = find_parts(path, **said)
    assert len(parts) >= least
    whole = read_table(path, TableParameters.model_validate({"file": path.name, **said}))
    pd.testing.assert_frame_equal(read_parts(parts), whole, check_categorical=False)


def test_rows_that_span_lines_stay_in_one_part(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(QUOTED)
    compare(tmp_path / "a.csv")


def test_a_packed_file_of_another_encoding_and_delimiter_is_unpacked_first(tmp_path: Path) -> None:
    content = "Name ;size\nMüller;1,5\nOtto;2\nÖzil;-\nAnna;3\n"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content.encode("cp1252")))
    said = {"delimiter": ";", "encoding": "cp1252", "decimal": ",", "nulls": ["-"], "rename": {"Name": "name"}}
    compare(tmp_path / "a.csv.gz", **said)
    assert list(read_parts(find_parts(tmp_path / "a.csv.gz", **said))) == ["name", "size"]


def test_a_file_without_a_header_has_the_names_of_its_declaration(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,red\n2,blue\n3,\n4,red\n")
    compare(tmp_path / "a.csv", least=2, header=False, names=["number", "colour"])


def test_a_folder_of_csv_files_is_one_table_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / "02.csv").write_text("day,n\nc,3\nd,4\n")
    (folder / "01.csv").write_text("day,n\na,1\nb,2\n")
    (folder / ".hidden.csv").write_text("other\n")
    compare(folder, least=2)
    assert read_parts(find_parts(folder))["n"].tolist() == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("day,m", r"02.csv lacks n and has m besides, unlike 01.csv of the same folder; mend its header"),
        ("n,day", r"02.csv has its columns in another order, unlike 01.csv of the same folder; mend its header"),
    ],
)
def test_a_file_of_a_folder_with_another_header_is_named(tmp_path: Path, header: str, told: str) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / "01.csv").write_text("day,n\na,1\n")
    (folder / "02.csv").write_text(f"{header}\nb,2\n")
    with pytest.raises(RawFileError, match=told):
        find_parts(folder)
    with pytest.raises(UnreadableError, match=told):
        read_table(folder, TableParameters(file="days"))


def test_parquet_files_come_in_their_groups_of_rows_alone_or_in_a_folder(tmp_path: Path) -> None:
    table = pd.DataFrame({"n": [1, 2, None, 4, 5], "word": ["a", None, "b", "c", "d"]})
    (tmp_path / "month=1").mkdir()
    (tmp_path / "month=2").mkdir()
    table.to_parquet(tmp_path / "month=1" / "a.parquet", row_group_size=2)
    table.to_parquet(tmp_path / "month=2" / "b.parquet", row_group_size=3)
    compare(tmp_path / "month=1" / "a.parquet")
    compare(tmp_path, least=5)


def test_rows_are_numbered_as_in_the_file_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,n\na,1\nbb,2\nccc,3\nd,4,5\n")
    *good, bad = find_parts(tmp_path / "a.csv")
    assert good[0].read().index.tolist() == [0, 1]
    told = r"a.csv cannot be read: counted from byte 16 on, data row 2: 3 values instead of 2: d,4,5; mend"
    with pytest.raises(RawFileError, match=told):
        bad.read()


def test_a_folder_that_gains_a_file_is_listed_anew_by_a_process_that_has_read_it(tmp_path: Path) -> None:
    pd.DataFrame({"n": [2, 3]}).to_parquet(tmp_path / "b.parquet")
    before = find_parts(tmp_path)
    compare(tmp_path, least=1)
    pd.DataFrame({"n": [0, 1]}).to_parquet(tmp_path / "a.parquet")
    compare(tmp_path, least=2)
    # Parts that go to other processes are what was listed.
    assert read_parts(pickle.loads(pickle.dumps(before)))["n"].tolist() == [2, 3]  # noqa: S301 - its own


def test_only_the_columns_that_are_asked_for_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(QUOTED)
    assert list(find_parts(tmp_path / "a.csv")[0].read(["note", "name"])) == ["name", "note"]


def test_a_file_that_must_be_read_whole_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(RawFileError, match=r"a.xlsx: files of this kind are read whole; save it as CSV or Parquet"):
        find_parts(tmp_path / "a.xlsx")
    with pytest.raises(RawFileError, match=r"b.csv is missing"):
        find_parts(tmp_path / "b.csv")
