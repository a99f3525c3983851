from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from casebook.whole import written_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_appears_with_its_whole_content(tmp_path: Path) -> None:
    place = tmp_path / "made" / "on_the_way" / "table.csv"
    with written_whole(place) as path:
        path.write_text("a\n1\n")
        assert not place.exists()
    assert place.read_text() == "a\n1\n"
    assert list(place.parent.iterdir()) == [place]


def test_the_path_to_write_to_keeps_the_suffix(tmp_path: Path) -> None:
    with written_whole(tmp_path / "network.keras") as path:
        assert path.suffix == ".keras"
        path.touch()


def test_a_full_disk_leaves_the_earlier_file_and_no_leftover(tmp_path: Path) -> None:
    place = tmp_path / "table.csv"
    place.write_text("earlier")

    def fill_the_disk() -> None:
        with written_whole(place) as path:
            path.write_text("half of wha")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fill_the_disk()
    assert place.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_takes_the_place_of_the_earlier_one_with_nothing_of_it_left(tmp_path: Path) -> None:
    place = tmp_path / "arrays"
    for name in ("old", "new"):
        with written_whole(place) as path:
            path.mkdir()
            (path / name).touch()
    assert [file.name for file in place.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [place]


def test_an_error_half_way_leaves_the_earlier_folder(tmp_path: Path) -> None:
    place = tmp_path / "arrays"
    place.mkdir()
    (place / "codes.npy").write_text("earlier")

    def break_off() -> None:
        with written_whole(place) as path:
            path.mkdir()
            (path / "codes.npy").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert (place / "codes.npy").read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("left_as", ["file", "folder"])
def test_what_a_kill_left_unfinished_is_swept_away(tmp_path: Path, left_as: str) -> None:
    leftover = tmp_path / ".unfinished-table.csv"
    leftover.mkdir() if left_as == "folder" else leftover.write_text("half")
    with written_whole(tmp_path / "table.csv") as path:
        path.write_text("whole")
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]
    assert (tmp_path / "table.csv").read_text() == "whole"


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "table.csv"):
        pass
    assert list(tmp_path.iterdir()) == []
