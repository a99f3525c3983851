"""The campaigns' own checks can fail: what they look for is found where it is."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from bad_files_campaign import judge
from casebook.runtime.atomic_files import atomic_write
from kill_campaign import find_temporary, find_unreadable
from raw_file_mutations import DAMAGED, DAMAGED_CSV, NO_TABLE, NO_TABLE_CSV, SAME_TABLE

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"id,color,size\n1,red,1.5\n2,blue,2.5\n3,red,3.5\n4,green,4.5\n"


def test_a_cut_file_is_unreadable_and_one_that_is_being_written_is_temporary(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "runs"
    folder.mkdir(parents=True)
    pd.DataFrame({"a": [1, 2]}).to_parquet(folder / "whole.parquet")
    (folder / "cut.parquet").write_bytes((folder / "whole.parquet").read_bytes()[:-9])
    (folder / "cut.json").write_text('{"a": ')
    with atomic_write(folder / "facts.json") as unfinished:
        unfinished.write_text("{")
        assert find_temporary(tmp_path) == [str(unfinished.relative_to(tmp_path))]
        found = [line.partition(":")[0] for line in find_unreadable(tmp_path)]
        assert found == ["data/runs/cut.json", "data/runs/cut.parquet"]
    assert find_temporary(tmp_path) == []


@pytest.mark.parametrize("name", SAME_TABLE)
def test_another_form_holds_the_same_cells_by_column(name: str) -> None:
    def read(content: bytes) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))

    assert read(SAME_TABLE[name](CONTENT)) == read(CONTENT)


def test_every_mutation_changes_the_file_and_does_so_the_same_way_each_time() -> None:
    mutations = {**SAME_TABLE, **NO_TABLE, **NO_TABLE_CSV, **DAMAGED, **DAMAGED_CSV}
    assert len(mutations) >= 30
    for name, mutate in mutations.items():
        assert mutate(CONTENT) == mutate(CONTENT) != CONTENT, name


@pytest.mark.parametrize(
    ("code", "text", "expected", "outcome"),
    [
        (1, "Traceback (most recent call last)", "", "stack trace"),
        (1, "Error: it cannot be read", "refused", "the error does not name rows.csv"),
        (0, "", "refused", "read, where it should be refused"),
        (1, "Error: rows.csv lacks id", "read", "refused, where it should be read"),
    ],
)
def test_an_outcome_that_is_wrong_is_named(tmp_path: Path, code: int, text: str, expected: str, outcome: str) -> None:
    assert judge(tmp_path / "rows.csv", code, text, expected, tmp_path).startswith(outcome)
