"""Which writing of a file this is, and what it holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from casebook.data.file_fingerprints import hash_content, read_content, read_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "arrays" / "deep").mkdir(parents=True)
    (tmp_path / "arrays" / "codes.npy").write_text("codes")
    (tmp_path / "arrays" / "deep" / "ids.npy").write_text("ids")
    return tmp_path / "arrays"


def rewrite(file: Path, text: str) -> None:
    """Put another file in its place and set the time back."""
    before = file.stat()
    (file.parent / "new").write_text(text)
    (file.parent / "new").rename(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_state_lists_each_file_and_is_empty_where_there_is_none(folder: Path) -> None:
    assert list(read_state(folder)) == ["codes.npy", "deep/ids.npy"]
    assert list(read_state(folder / "codes.npy")) == ["."]
    assert (read_state(folder / "nowhere"), hash_content(folder / "nowhere")) == ({}, "")


@pytest.mark.parametrize("name", ["", "codes.npy"])
def test_the_same_written_again_is_another_writing_of_the_same_content(folder: Path, name: str) -> None:
    path = folder / name
    state, content = read_state(path), hash_content(path)
    assert (read_state(path), hash_content(path)) == (state, content)
    rewrite(folder / "codes.npy", "codes")
    assert read_state(path) != state
    assert hash_content(path) == content
    rewrite(folder / "codes.npy", "CODES")
    assert hash_content(path) != content


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "codes.npy").unlink(),
        lambda folder: (folder / "codes.npy").rename(folder / "numbers.npy"),
        lambda folder: (folder / "more.npy").touch(),
    ],
)
def test_a_folder_holds_something_else_when_a_file_comes_goes_or_gets_another_name(
    folder: Path, change: Callable[[Path], None]
) -> None:
    before = hash_content(folder)
    change(folder)
    assert hash_content(folder) != before


@pytest.mark.parametrize(("text", "lines"), [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("a\nb\n", 2)])
def test_lines_are_counted_with_or_without_a_last_break(tmp_path: Path, text: str, lines: int) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert read_content(tmp_path / "t.csv").lines == lines
