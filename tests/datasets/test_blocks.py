"""New rows are read piece by piece, whatever kind of file holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.cases.registry import NewRows
from casebook.datasets import NewRowsFolder, OutcomesFolder, blocks
from casebook.datasets.blocks import NewRowsReader
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from pathlib import Path

    from casebook.batch_scoring.scorer import RawBlock


def read(folder: Path, form: NewRows, file: str = "") -> list[RawBlock]:
    return list(NewRowsReader(folder, form, "2026-01-01").blocks(file))


def test_a_csv_file_comes_in_blocks_of_texts_numbered_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PIECE_BYTES", 250)
    table = pd.DataFrame({"id": [f"a{number}" for number in range(500)], "age": range(500)})
    table.to_csv(tmp_path / "new.csv", index=False)
    found = read(tmp_path, NewRows("new.csv", {}, key="id"))
    assert len(found) > 3
    assert [block.first for block in found] == np.cumsum([0, *(len(block.rows) for block in found[:-1])]).tolist()
    rows = pd.concat([block.rows.astype(object) for block in found], ignore_index=True)
    pd.testing.assert_frame_equal(rows, table.astype(str).astype(object), check_column_type=False)


def test_lines_with_another_number_of_values_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("id,age\na,1\nb\nc,3\nd,4,5\n")
    (found,) = read(tmp_path, NewRows("new.csv", {}))
    assert found.rows["id"].tolist() == ["a", "c"]
    assert found.broken == ["1 values instead of 2: b", "3 values instead of 2: d,4,5"]


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
    assert [(block.first, block.rows["review"].tolist()) for block in read(tmp_path, named)] == [
        (0, ["a", "b"]), (2, ["c"]),
    ]  # fmt: skip
    np.savez(tmp_path / "new.npz", x=np.arange(3))
    arrays = NewRows("new.npz", {}, parse=lambda found: pd.DataFrame({"x": found["x"]}))
    assert [block.rows["x"].tolist() for block in read(tmp_path, arrays)] == [[0, 1], [2]]
    assert [block.rows.index.tolist() for block in read(tmp_path, arrays)] == [[0, 1], [0]]


def test_another_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "later.csv").write_text("id\nz\n")
    assert read(tmp_path, NewRows("new.csv", {}), "later.csv")[0].rows["id"].tolist() == ["z"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("missing.csv", None, r"missing\.csv is missing; put the rows to predict there or name another file"),
        ("rows.txt", b"x", r"rows\.txt: give a file of \.csv, \.parquet, \.npz"),
        ("rows.csv", b"id,age\n", r"rows\.csv holds no rows"),
        ("rows.csv", b"", r"rows\.csv cannot be read as CSV"),
        ("rows.csv", b"id\n\xff\xfe\n", r"rows\.csv cannot be read as CSV"),
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
