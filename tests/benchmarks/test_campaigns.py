"""The campaigns' own checks can fail: what they look for is found where it is."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import raw_archive_mutations as archives
from bad_files_campaign import choose_mutations, judge
from bench import write_results
from campaign_project import CampaignProject, find_temporary, find_unreadable
from campaign_results import CampaignRow, Outcome, find_section, render_section, replace_section
from casebook.runtime.atomic_files import atomic_write
from kill_campaign import keep_state, restore_state
from raw_file_mutations import DAMAGED, DAMAGED_CSV, NO_TABLE, NO_TABLE_CSV, SAME_TABLE
from runs_at_once import SEEDS, compare

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"id,color,size\n1,red,1.5\n2,blue,2.5\n3,red,3.5\n4,green,4.5\n"


def test_a_cut_file_is_unreadable_and_one_that_is_being_written_is_temporary(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "runs"
    folder.mkdir(parents=True)
    pd.DataFrame({"a": [1, 2]}).to_parquet(folder / "whole.parquet")
    (folder / "cut.parquet").write_bytes((folder / "whole.parquet").read_bytes()[:-9])
    (folder / "cut.json").write_text('{"a": ')
    (folder / "whole.csv").write_text("a,b\n1,2\n")
    (folder / "cut.csv").write_text("a,b\n1")
    with atomic_write(folder / "facts.json") as unfinished:
        unfinished.write_text("{")
        assert find_temporary(tmp_path) == [str(unfinished.relative_to(tmp_path))]
        found = [line.partition(":")[0] for line in find_unreadable(tmp_path)]
        assert found == ["data/runs/cut.csv", "data/runs/cut.json", "data/runs/cut.parquet"]
    assert find_temporary(tmp_path) == []


@pytest.mark.parametrize("name", SAME_TABLE)
def test_another_form_holds_the_same_cells_by_column(name: str) -> None:
    def read(content: bytes) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))

    assert read(SAME_TABLE[name](CONTENT)) == read(CONTENT)


def test_what_a_header_line_tells_is_asked_of_files_that_have_one(tmp_path: Path) -> None:
    named = choose_mutations(tmp_path / "rows.csv", CONTENT)
    assert (len(named["read"]), len(named["refused"])) == (len(SAME_TABLE), len(NO_TABLE) + len(NO_TABLE_CSV))
    nameless = choose_mutations(tmp_path / "rows.csv", b"6,148,72\n1,85,66\n")
    assert "columns in another order" not in nameless["read"]
    assert {"header alone", "columns in another order"} <= set(nameless[""])
    assert sum(map(len, named.values())) == sum(map(len, nameless.values()))
    assert choose_mutations(tmp_path / "rows.npz", b"PK")["refused"] == {**NO_TABLE, **archives.NO_ARRAYS}


def test_every_mutation_changes_the_file_and_does_so_the_same_way_each_time() -> None:
    mutations = {**SAME_TABLE, **NO_TABLE, **NO_TABLE_CSV, **DAMAGED, **DAMAGED_CSV}
    assert len(mutations) >= 30
    for name, mutate in mutations.items():
        assert mutate(CONTENT) == mutate(CONTENT) != CONTENT, name


def write_arrays() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.arange(24, dtype="float64").reshape(4, 3, 2), y=np.arange(4.0))
    return buffer.getvalue()


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content)) as archive:
        return {name: archive[name] for name in archive.files}


def write_table() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"text": ["a b", "c"], "label": [0, 1]}).to_parquet(buffer, index=False)
    return buffer.getvalue()


def test_another_form_of_an_archive_or_a_parquet_file_holds_the_same_values() -> None:
    arrays, table = read_arrays(write_arrays()), pd.read_parquet(io.BytesIO(write_table()))
    for name, mutate in archives.SAME_ARRAYS.items():
        found = read_arrays(mutate(write_arrays()))
        assert all(np.array_equal(found[part], arrays[part]) for part in arrays), name
    for name, mutate in archives.SAME_PARQUET.items():
        rows = pd.read_parquet(io.BytesIO(mutate(write_table())))
        assert rows[["text", "label"]].astype({"text": "str"}).to_numpy().tolist() == table.to_numpy().tolist(), name


def test_a_damaged_archive_or_parquet_file_holds_other_values() -> None:
    assert (
        len({**archives.SAME_ARRAYS, **archives.NO_ARRAYS, **archives.DAMAGED_ARRAYS}) + len({**NO_TABLE, **DAMAGED})
        >= 30
    )
    for name, mutate in {**archives.NO_ARRAYS, **archives.DAMAGED_ARRAYS}.items():
        found, arrays = read_arrays(mutate(write_arrays())), read_arrays(write_arrays())
        same = found.keys() == arrays.keys() and all(
            found[part].dtype == arrays[part].dtype and np.array_equal(found[part], arrays[part]) for part in arrays
        )
        assert same == (name == "double precision"), name
    assert (
        len({**archives.SAME_PARQUET, **archives.NO_PARQUET, **archives.DAMAGED_PARQUET}) + len({**NO_TABLE, **DAMAGED})
        >= 30
    )
    table = pd.read_parquet(io.BytesIO(write_table()))
    for name, mutate in {**archives.NO_PARQUET, **archives.DAMAGED_PARQUET}.items():
        assert not pd.read_parquet(io.BytesIO(mutate(write_table()))).equals(table), name


@pytest.mark.parametrize(
    ("code", "text", "expected", "outcome"),
    [
        (1, "Traceback (most recent call last)", "", "stack trace"),
        (1, "Error: it cannot be read", "refused", "the error does not name rows.csv"),
        (1, "Error: split: no rows for train", "read", "refused, where it should be read"),
        (0, "", "refused", "read, where it should be refused"),
        (1, "Error: rows.csv lacks id", "read", "refused, where it should be read"),
    ],
)
def test_an_outcome_that_is_wrong_is_named(tmp_path: Path, code: int, text: str, expected: str, outcome: str) -> None:
    assert judge(tmp_path / "rows.csv", code, text, expected, tmp_path).startswith(outcome)


ROW = CampaignRow("kill run", Outcome("50 kills", "11 runs to the end, all alike"), 12.34, "2026-11-29", "abc1234")
MACHINE = {"processor": "2 cores", "memory": "25 GB"}
LINE = "| kill run | 50 kills | 11 runs to the end, all alike | 0 | 12.3 | 2026-11-29 | abc1234 |"


def test_a_campaign_that_runs_again_replaces_its_own_row_alone() -> None:
    other = CampaignRow(
        "at once", Outcome("10 trainings", "9 alike", ("seed | 3: a\nb",)), 1.0, "2026-11-29", "abc1234"
    )
    section = render_section([ROW, other], "", "make campaigns", MACHINE)
    assert LINE in section.splitlines()
    assert (
        "| at once | 10 trainings | 9 alike | 1; seed \\| 3: a b | 1.0 | 2026-11-29 | abc1234 |" in section.splitlines()
    )
    again = CampaignRow("kill run", Outcome("5 kills", "2 runs"), 1.0, "2026-11-30", "def5678")
    later = render_section([again], section, "make campaigns", MACHINE).splitlines()
    assert [line for line in later if line.startswith("| kill")] == [
        "| kill run | 5 kills | 2 runs | 0 | 1.0 | 2026-11-30 | def5678 |"
    ]
    assert [line for line in later if line.startswith("| at once")] == [
        line for line in section.splitlines() if line.startswith("| at once")
    ]


def test_the_benchmark_writes_its_page_anew_and_keeps_the_section_of_the_campaigns(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    write_results(page, [], {}, "make bench", "9 people")
    assert find_section(page.read_text()) == ""
    section = render_section([ROW], "", "make campaigns", MACHINE)
    page.write_text(replace_section(page.read_text(), section))
    write_results(page, [], {}, "make bench", "10 people")
    assert "10 people" in page.read_text()
    assert find_section(page.read_text()) == section


def test_the_section_takes_its_own_place_between_others() -> None:
    section = render_section([ROW], "", "make campaigns", MACHINE)
    page = "# Results\n\n## Campaigns\n\nold\n\n## Parts\n\n- a\n"
    assert replace_section(page, section) == f"# Results\n\n{section}\n\n## Parts\n\n- a\n"
    assert replace_section("# Results\n", section) == f"# Results\n\n{section}\n"


def test_scores_that_differ_in_the_last_bit_and_runs_without_scores_are_named() -> None:
    alone = {seed: {"test/auc": 0.5} for seed in SEEDS}
    assert compare(alone, alone) == []
    assert compare(alone, {**alone, 3: {"test/auc": math.nextafter(0.5, 1)}}) == [
        "seed 3: {'test/auc': 0.5000000000000001} at once, {'test/auc': 0.5} alone"
    ]
    assert compare(alone, {seed: scores for seed, scores in alone.items() if seed != 4}) == ["seed 4 has no scores"]


def test_what_was_made_since_is_gone_when_a_campaign_begins_anew(tmp_path: Path) -> None:
    project = CampaignProject(tmp_path)
    (tmp_path / "data" / "runs").mkdir(parents=True)
    (tmp_path / "data" / "runs" / "latest").symlink_to("a")
    keep_state(project)
    (tmp_path / "data" / "runs" / "b").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_text("runs")
    for _ in range(2):
        restore_state(project)
        assert [path.name for path in (tmp_path / "data" / "runs").iterdir()] == ["latest"]
        assert (tmp_path / "data" / "runs" / "latest").readlink().name == "a"
        assert list((tmp_path / "mlruns").iterdir()) == []
