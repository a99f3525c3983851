from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from casebook.config.best_file import END, PROMISE, find_damaged_files
from casebook.config.paths import best_variant_file

if TYPE_CHECKING:
    from pathlib import Path

TREE = {"toy": {"variants": {"best": {"training": {"epochs": 3, "batch_size": 9}}}}}
WHOLE = f"# Written by the study toy{PROMISE}\n{yaml.safe_dump(TREE, sort_keys=False)}{END}"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEBOOK_CONF", str(tmp_path))
    found = best_variant_file("toy")
    assert found == tmp_path / "local" / "toy" / "parameters_best.yml"
    found.parent.mkdir(parents=True)
    return found


def test_a_whole_file_and_one_that_a_person_wrote_can_be_used(file: Path) -> None:
    for text in (WHOLE, yaml.safe_dump(TREE)):
        file.write_text(text)
        assert find_damaged_files() == []
    file.unlink()
    assert find_damaged_files() == []


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_file_that_was_cut_off_anywhere_is_found(file: Path, length: int) -> None:
    file.write_text(WHOLE[:length])
    ((found, why),) = find_damaged_files()
    assert found == file
    assert why.startswith("damaged" if length else "empty") or why == "cut off"


@pytest.mark.parametrize("content", [b"abc", b"\x00\x80\xff", b"- 1", b"a: [1", b"toy: {variants: {}}", b"toy: 1"])
def test_a_garbled_file_is_found(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    ((found, why),) = find_damaged_files()
    assert found == file
    assert why.startswith("damaged: ")
    assert "\n" not in why
