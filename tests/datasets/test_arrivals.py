"""Files of new labelled rows: found, waited for, and read as the raw file is."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.datasets import ArrivedFiles, arrivals
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from pathlib import Path

    from casebook.datasets.arrivals import ArrivalsReader


@pytest.fixture
def reader(tmp_path: Path) -> ArrivalsReader:
    form = {"type": "casebook.datasets.RawTable", "filepath": str(tmp_path / "train.csv"), "plain": ["id"],
            "metadata": {"kedro-viz": {"layer": "raw"}}}  # fmt: skip
    (tmp_path / "inbox").mkdir()
    return ArrivedFiles(form).load()


def write(path: Path, text: str, age: float = 60.0) -> None:
    path.write_text(text)
    os.utime(path, (time.time() - age,) * 2)


def test_a_file_is_read_in_the_form_of_the_raw_file(reader: ArrivalsReader, tmp_path: Path) -> None:
    write(tmp_path / "later.csv", "id,colour\n7,red\n8,red\n")
    table = reader.read("later.csv")
    assert table["id"].tolist() == ["7", "8"]
    assert table["id"].dtype == "str"
    assert table["colour"].dtype == "category"


def test_a_missing_file_is_named(reader: ArrivalsReader) -> None:
    assert reader.digest("nowhere.csv") == ""
    with pytest.raises(RawFileError, match=r"nowhere\.csv is missing"):
        reader.read("nowhere.csv")


def test_files_come_by_name_without_hidden_ones_folders_and_other_kinds(reader: ArrivalsReader, tmp_path: Path) -> None:
    for name in ("2.csv", "1.CSV", "3.csv.gz", "4.parquet", ".5.csv", "6.txt"):
        write(tmp_path / "inbox" / name, f"id\n{name}\n")
    (tmp_path / "inbox" / "7.csv").mkdir()
    (tmp_path / "inbox" / "8.csv").symlink_to(tmp_path / "nowhere.csv")
    assert list(reader.watch("inbox", 0)) == ["inbox/1.CSV", "inbox/2.csv", "inbox/3.csv.gz", "inbox/4.parquet"]


def test_a_file_that_is_mended_while_one_waits_comes_again(
    reader: ArrivalsReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "POLL_SECONDS", 0.02)
    write(tmp_path / "inbox" / "1.csv", "id\n1\n")
    found = reader.watch("inbox", 0.0)
    assert next(found) == "inbox/1.csv"
    write(tmp_path / "inbox" / "1.csv", "id\n1\n2\n")
    assert list(found) == ["inbox/1.csv"]


def test_a_folder_without_files_of_rows_says_what_it_holds(reader: ArrivalsReader, tmp_path: Path) -> None:
    assert reader.describe("inbox").endswith("it holds nothing")
    write(tmp_path / "inbox" / "notes.txt", "")
    assert reader.describe("inbox").startswith(f"{tmp_path / 'inbox'} holds no file of rows (.csv ")
    assert reader.describe("inbox").endswith("it holds notes.txt")


def test_a_batch_may_be_of_another_kind_than_the_raw_file(reader: ArrivalsReader, tmp_path: Path) -> None:
    pd.DataFrame({"id": ["7"]}).to_parquet(tmp_path / "later.parquet")
    assert reader.read("later.parquet")["id"].tolist() == ["7"]
    assert reader.read("later.parquet").attrs == {"file": "later.parquet"}
    np.savez(tmp_path / "later.npz", id=np.array(["8"]))
    assert reader.read("later.npz")["id"].tolist() == ["8"]
    np.savez(tmp_path / "later.npz", id=np.zeros((2, 2)))
    with pytest.raises(InvalidTableError, match=r"later\.npz: an array a column is needed.*there are id \(2, 2\)"):
        reader.read("later.npz")
    (tmp_path / "later.txt").write_text("id\n")
    with pytest.raises(RawFileError, match=r"later\.txt: give a file of \.csv"):
        reader.read("later.txt")


def test_a_file_that_is_still_written_is_waited_for(
    reader: ArrivalsReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "SETTLED_SECONDS", 0.2)
    monkeypatch.setattr(arrivals, "POLL_SECONDS", 0.02)
    write(tmp_path / "inbox" / "1.csv", "id\n1\n", age=0)
    assert list(reader.watch("inbox", 0)) == ["inbox/1.csv"]
    assert time.time() - (tmp_path / "inbox" / "1.csv").stat().st_mtime >= 0.2


def test_a_file_that_appears_while_one_waits_is_given(
    reader: ArrivalsReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "POLL_SECONDS", 0.02)
    later = threading.Timer(0.3, write, [tmp_path / "inbox" / "1.csv", "id\n1\n"])
    later.start()
    assert list(reader.watch("inbox", 1.0)) == ["inbox/1.csv"]
    later.join()


def test_a_folder_that_is_not_there_is_named(reader: ArrivalsReader) -> None:
    with pytest.raises(RawFileError, match=r"letters is no folder.*update\.folder"):
        list(reader.watch("letters", 0))


def test_raw_files_are_never_written() -> None:
    with pytest.raises(RawFileError, match="never written"):
        ArrivedFiles({"filepath": "a.csv"}).save([])
