"""Files of new labelled rows: found, waited for, and read as the raw file is."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from casebook.data.file_fingerprints import hash_content
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


def test_files_come_by_name_without_hidden_ones_other_kinds_and_those_learnt_from(
    reader: ArrivalsReader, tmp_path: Path
) -> None:
    for name in ("2.csv", "1.csv", "3.csv", ".4.csv", "5.txt"):
        write(tmp_path / "inbox" / name, f"id\n{name}\n")
    learnt = {hash_content(tmp_path / "inbox" / "1.csv")}
    assert list(reader.watch("inbox", 0, learnt)) == ["inbox/2.csv", "inbox/3.csv"]


def test_a_file_that_is_still_written_is_waited_for(
    reader: ArrivalsReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "SETTLED_SECONDS", 0.2)
    monkeypatch.setattr(arrivals, "POLL_SECONDS", 0.02)
    write(tmp_path / "inbox" / "1.csv", "id\n1\n", age=0)
    assert list(reader.watch("inbox", 0, set())) == ["inbox/1.csv"]
    assert time.time() - (tmp_path / "inbox" / "1.csv").stat().st_mtime >= 0.2


def test_a_file_that_appears_while_one_waits_is_given(
    reader: ArrivalsReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "POLL_SECONDS", 0.02)
    later = threading.Timer(0.3, write, [tmp_path / "inbox" / "1.csv", "id\n1\n"])
    later.start()
    assert list(reader.watch("inbox", 1.0, set())) == ["inbox/1.csv"]
    later.join()


def test_a_folder_that_is_not_there_is_named(reader: ArrivalsReader) -> None:
    with pytest.raises(RawFileError, match=r"letters is no folder.*update\.folder"):
        list(reader.watch("letters", 0, set()))


def test_raw_files_are_never_written() -> None:
    with pytest.raises(RawFileError, match="never written"):
        ArrivedFiles({"filepath": "a.csv"}).save([])
