from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.run_folders.cleaning import point_latest_to
from casebook.run_folders.finding import finished_trainings, list_runs, resumable_runs, tabulate_resumable
from casebook.run_folders.folder import FAILED, RUNNING, RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

Add = "Callable[..., RunFolder]"


def ids(runs: list) -> list[str]:
    return [folder.run_id for folder, _ in runs]


def test_finished_trainings_come_the_newest_first_and_nothing_else_is_one(add: Callable[..., RunFolder]) -> None:
    for name, ended in (("a", 2), ("b", 5), ("c", 3)):
        add(name, ended=ended)
    point_latest_to(RunFolder("toy", "b"))
    add("d", ended=9, job="study")
    add("e", ended=8, state=FAILED)
    add("f", begun=7, state=RUNNING)
    assert ids(finished_trainings("toy")) == ["b", "c", "a"]
    assert ids(list_runs("toy")) == ["d", "e", "f", "b", "c", "a"]


def test_without_any_run_there_is_none(add: Callable[..., RunFolder]) -> None:
    assert add
    assert list_runs("toy") == []


def test_runs_that_were_broken_off_after_an_epoch_can_be_resumed(add: Callable[..., RunFolder]) -> None:
    add("killed", checkpoint=True, state=RUNNING, begun=1)
    add("failed", checkpoint=True, state=FAILED, ended=2)
    add("before the first epoch", state=RUNNING, begun=3)
    add("at work", checkpoint=True, live=True, state=RUNNING, begun=4)
    add("finished", checkpoint=True, ended=5)
    assert ids(resumable_runs("toy")) == ["failed", "killed"]


def test_a_damaged_checkpoint_cannot_be_resumed_and_is_named(
    add: Callable[..., RunFolder], caplog: pytest.LogCaptureFixture
) -> None:
    folder = add("killed", checkpoint=True, state=RUNNING, begun=1)
    folder.checkpoint.write_bytes(b"")
    assert resumable_runs("toy") == []
    assert f"{folder.checkpoint} is damaged" in caplog.text


def test_the_table_tells_id_case_time_epoch_and_losses(add: Callable[..., RunFolder]) -> None:
    add("0" * 32, checkpoint=True, state=RUNNING, begun=1_800_000_000)
    title, line = tabulate_resumable(resumable_runs("toy")).splitlines()
    assert title.split() == ["run", "case", "begun", "epoch", "last", "loss"]
    assert line.split()[:2] == ["0" * 32, "toy"]
    assert line.split()[2].startswith("2027-01-1")
    assert line.split()[4:] == ["2", "train/loss", "0.25,", "val/loss", "0.625"]
