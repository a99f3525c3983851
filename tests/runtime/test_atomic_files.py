from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from casebook.runtime.atomic_files import UNFINISHED, atomic_write


def test_a_file_appears_with_its_whole_content(tmp_path: Path) -> None:
    place = tmp_path / "made" / "on_the_way" / "table.csv"
    with atomic_write(place) as path:
        path.write_text("a\n1\n")
        assert not place.exists()
    assert place.read_text() == "a\n1\n"
    assert list(place.parent.iterdir()) == [place]


def test_the_path_to_write_to_keeps_the_suffix(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "network.keras") as path:
        assert path.suffix == ".keras"
        path.touch()


def test_a_full_disk_leaves_the_earlier_file_and_no_leftover(tmp_path: Path) -> None:
    place = tmp_path / "table.csv"
    place.write_text("earlier")

    def fill_the_disk() -> None:
        with atomic_write(place) as path:
            path.write_text("half of wha")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fill_the_disk()
    assert place.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_takes_the_place_of_the_earlier_one_with_nothing_of_it_left(tmp_path: Path) -> None:
    place = tmp_path / "arrays"
    for name in ("old", "new"):
        with atomic_write(place) as path:
            path.mkdir()
            (path / name).touch()
    assert [file.name for file in place.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [place]


def test_an_error_half_way_leaves_the_earlier_folder(tmp_path: Path) -> None:
    place = tmp_path / "arrays"
    place.mkdir()
    (place / "codes.npy").write_text("earlier")

    def break_off() -> None:
        with atomic_write(place) as path:
            path.mkdir()
            (path / "codes.npy").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert (place / "codes.npy").read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("left_as", ["file", "folder"])
def test_what_a_killed_process_left_unfinished_is_swept_away(tmp_path: Path, ended_process: int, left_as: str) -> None:
    leftover = tmp_path / f"{UNFINISHED}{ended_process}-table.csv"
    leftover.mkdir() if left_as == "folder" else leftover.write_text("half")
    with atomic_write(tmp_path / "table.csv") as path:
        path.write_text("whole")
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]
    assert (tmp_path / "table.csv").read_text() == "whole"


def test_what_a_living_process_is_writing_is_left_to_it(tmp_path: Path) -> None:
    at_work = tmp_path / f"{UNFINISHED}{os.getppid()}-table.csv"
    at_work.write_text("half")
    with atomic_write(tmp_path / "table.csv") as path:
        path.write_text("whole")
    assert at_work.read_text() == "half"


WRITER = """
import sys
from pathlib import Path
from casebook.runtime.atomic_files import atomic_write
place, kind, letter = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
for _ in range(150):
    with atomic_write(place) as path:
        if kind == "folder":
            path.mkdir()
            for name in "12":
                (path / name).write_text(letter * 1000)
        else:
            path.write_text(letter * 1000)
"""


@pytest.mark.process
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_processes_that_write_one_path_at_once_do_not_disturb_each_other(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "made"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(place), kind, letter]) for letter in "abc"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    assert list(tmp_path.iterdir()) == [place]
    texts = {file.read_text() for file in (place.iterdir() if kind == "folder" else [place])}
    assert texts <= {letter * 1000 for letter in "abc"}
    assert len(texts) == 1


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "table.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_takes_a_name_has_reached_the_disk_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    flushed: list[str] = []
    place, sync = tmp_path / "made", os.fsync

    def record(handle: int) -> None:
        flushed.append(f"{Path(f'/proc/self/fd/{handle}').readlink()} {place.exists()}")
        sync(handle)

    monkeypatch.setattr(os, "fsync", record)
    with atomic_write(place) as path:
        (path.mkdir(), (path / "inner").touch()) if kind == "folder" else path.touch()
    inner = [f"{path}/inner False"] if kind == "folder" else []
    assert flushed == [*inner, f"{path} False", f"{tmp_path} True"]


def test_a_folder_whose_successor_cannot_take_its_name_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "arrays"
    place.mkdir()
    (place / "codes.npy").write_text("earlier")

    def refuse(*_places: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="Permission denied"), atomic_write(place) as path:
        path.mkdir()
    assert (place / "codes.npy").read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [place]


def test_the_earlier_folder_goes_only_when_the_new_one_bears_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, seen = tmp_path / "arrays", []
    for name in ("old", "new"):
        with atomic_write(place) as path:
            path.mkdir()
            (path / name).touch()
            monkeypatch.setattr(
                "casebook.runtime.atomic_files.shutil.rmtree", lambda *_, **__: seen.append(place.is_dir())
            )
    assert seen == [True]
