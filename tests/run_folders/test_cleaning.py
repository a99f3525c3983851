from __future__ import annotations

import time
from typing import TYPE_CHECKING

from casebook.run_folders.cleaning import DAY_SECONDS, point_latest_to, remove_old_runs
from casebook.run_folders.folder import FAILED, RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.run_folders.folder import RunFolder


def left(runs: Path) -> set[str]:
    return {path.name for path in runs.iterdir()}


def test_the_newest_finished_runs_of_each_job_are_kept(add: Callable[..., RunFolder], runs: Path) -> None:
    for number in range(4):
        add(f"training {number}", ended=number)
        add(f"update {number}", ended=number, job="update")
    remove_old_runs("toy", 2, 30)
    assert left(runs) == {"training 2", "training 3", "update 2", "update 3"}


def test_parts_without_a_training_take_no_training_the_place(add: Callable[..., RunFolder], runs: Path) -> None:
    network = add("training", ended=1).network
    network.parent.mkdir()
    network.touch()
    for number in range(2, 5):
        add(f"tables {number}", ended=number)
    remove_old_runs("toy", 2, 30)
    assert left(runs) == {"training", "tables 3", "tables 4"}


def test_runs_that_can_be_resumed_are_kept_for_days_and_others_at_work_for_ever(
    add: Callable[..., RunFolder], runs: Path
) -> None:
    now = time.time()
    add("young", checkpoint=True, state=RUNNING, begun=now - 2.9 * DAY_SECONDS)
    add("old", checkpoint=True, state=RUNNING, begun=now - 3.1 * DAY_SECONDS)
    add("at work", live=True, state=RUNNING, begun=0)
    remove_old_runs("toy", 1, 3)
    assert left(runs) == {"young", "at work"}


def test_of_runs_that_failed_before_their_training_the_last_is_kept(add: Callable[..., RunFolder], runs: Path) -> None:
    for number in range(3):
        add(f"failed {number}", state=FAILED, ended=number)
    remove_old_runs("toy", 1, 30)
    assert left(runs) == {"failed 2"}


def test_what_a_killed_removal_has_left_is_removed_and_what_cannot_be_read_stays(
    add: Callable[..., RunFolder], runs: Path
) -> None:
    add("a", ended=1)
    (runs / ".unfinished-removed-b").mkdir()
    (runs / "unknown").mkdir()
    remove_old_runs("toy", 1, 30)
    assert left(runs) == {"a", "unknown"}


def test_what_killed_writers_have_left_goes_and_what_is_being_written_stays(add: Callable[..., RunFolder]) -> None:
    killed, live = add("killed", state=RUNNING), add("live", live=True, state=RUNNING)
    for folder in (killed, live):
        (folder.path / "04_feature").mkdir()
        (folder.path / "04_feature" / ".unfinished-1-table.parquet").touch()
        (folder.path / ".unfinished-1-arrays").mkdir()
    remove_old_runs("toy", 1, 30)
    assert list(killed.path.rglob(".unfinished*")) == []
    assert len(list(live.path.rglob(".unfinished*"))) == 2


def test_latest_leads_to_a_run_wherever_the_project_lies(add: Callable[..., RunFolder], runs: Path) -> None:
    for name in ("a", "b"):
        point_latest_to(add(name))
        assert str((runs / "latest").readlink()) == name
    assert left(runs) == {"a", "b", "latest"}


def test_a_copy_in_which_latest_became_a_folder_gets_its_link_again(add: Callable[..., RunFolder], runs: Path) -> None:
    folder = add("a")
    (runs / "latest").mkdir()
    (runs / "latest" / "file").touch()
    point_latest_to(folder)
    assert (runs / "latest").resolve() == folder.path
