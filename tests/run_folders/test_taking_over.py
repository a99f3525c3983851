from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.run_folders import taking_over
from casebook.run_folders.taking_over import link
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_file_and_a_folder_lie_in_both_places_without_a_copy(tmp_path: Path) -> None:
    (tmp_path / "a" / "arrays").mkdir(parents=True)
    (tmp_path / "a" / "arrays" / "codes.npy").write_text("codes")
    (tmp_path / "a" / "table").write_text("table")
    for name in ("arrays", "table"):
        link(tmp_path / "a" / name, tmp_path / "b" / name)
    for place in ("table", "arrays/codes.npy"):
        assert (tmp_path / "a" / place).samefile(tmp_path / "b" / place)
    with atomic_write(tmp_path / "b" / "table") as path:
        path.write_text("anew")
    assert (tmp_path / "a" / "table").read_text() == "table"


def test_where_there_are_no_links_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("not permitted")

    monkeypatch.setattr(taking_over.os, "link", refuse)
    (tmp_path / "table").write_text("table")
    link(tmp_path / "table", tmp_path / "b" / "table")
    assert (tmp_path / "b" / "table").read_text() == "table"
