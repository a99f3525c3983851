"""The runs of a case whose folders are there: finished ones to take files over from, and broken-off trainings."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock

from casebook.config.paths import runs_folder
from casebook.run_folders.folder import FINISHED, LATEST, TRAINING, RunFacts, RunFolder
from casebook.training.checkpoints import read_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Found = tuple[RunFolder, RunFacts]


@contextmanager
def turn_at_runs(case: str) -> Iterator[None]:
    """Keep other commands from choosing, taking over, or removing folders of the case's runs meanwhile."""
    runs_folder(case).mkdir(parents=True, exist_ok=True)
    with FileLock(runs_folder(case) / ".lock"):
        yield


def list_runs(case: str) -> list[Found]:
    """List the runs of a case that have a folder and can be read, those that ended or began last first."""
    place = runs_folder(case)
    names = [path.name for path in place.iterdir() if path.is_dir()] if place.is_dir() else []
    folders = [RunFolder(case, name) for name in names if name != LATEST and not name.startswith(".")]
    found = [(folder, facts) for folder in folders if (facts := folder.read())]
    return sorted(found, key=lambda run: run[1].ended or run[1].begun, reverse=True)


def finished_trainings(case: str) -> list[Found]:
    """List the finished trainings of a case, the newest first."""
    return [run for run in list_runs(case) if run[1].state == FINISHED and run[1].job == TRAINING]


def resumable_runs(case: str) -> list[Found]:
    """List the runs that were broken off in or after their training and can go on, the newest first."""
    broken_off = [run for run in list_runs(case) if run[1].state != FINISHED and not run[1].live]
    return [(folder, facts) for folder, facts in broken_off if read_progress(folder.checkpoint)]


def tabulate_resumable(runs: Sequence[Found]) -> str:
    """Tabulate runs that can be resumed: id, case, when they began, the epoch they reached, its losses."""
    lines = [f"{'run':32}  {'case':10} {'begun':16}  epoch  last loss"]
    for folder, facts in runs:
        history = read_progress(folder.checkpoint)
        losses = [f"{name} {value:.4g}" for name, value in history[-1].items() if name.endswith("/loss")]
        begun = f"{datetime.fromtimestamp(facts.begun, UTC).astimezone():%Y-%m-%d %H:%M}"
        lines.append(f"{folder.run_id:32}  {folder.case:10} {begun:16}  {len(history):5}  {', '.join(losses)}")
    return "\n".join(lines)
