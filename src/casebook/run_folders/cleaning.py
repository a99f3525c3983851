"""Which folders of runs are kept, and the removal of the others."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING

from casebook.config.paths import runs_folder
from casebook.run_folders.finding import list_runs
from casebook.run_folders.folder import FINISHED, LATEST, RunFolder
from casebook.runtime.atomic_files import UNFINISHED, remove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casebook.run_folders.finding import Found

DAY_SECONDS = 86_400


def remove_old_runs(case: str, finished: int, resumable_days: float) -> None:
    """Remove the folders that `outdated` names, and what killed removals and writers have left half-done."""
    for left in runs_folder(case).glob(f"{UNFINISHED}removed-*"):
        shutil.rmtree(left, ignore_errors=True)
    runs = list_runs(case)
    for folder, facts in runs:
        for left in () if facts.live else list(folder.path.rglob(f"{UNFINISHED}*")):
            remove(left)
    for folder in outdated(runs, finished, resumable_days, time.time()):
        # In one step out of sight: nothing is found half-removed.
        aside = folder.path.with_name(f"{UNFINISHED}removed-{folder.run_id}")
        folder.path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def outdated(runs: Sequence[Found], finished: int, resumable_days: float, now: float) -> list[RunFolder]:
    """Choose the runs whose folders are no longer kept.

    Kept are: every run at work; the newest finished ones of each job, whole trainings and parts of one apart; those
    broken off in or after their training for some days; and of those that failed before it the last one.

    Args:
        runs: the newest first.
        finished: so many finished ones of each job are kept.
        resumable_days: so long those are kept that can be resumed.
        now: seconds since 1970.
    """
    seen: Counter[str] = Counter()
    left = []
    for folder, facts in runs:
        if facts.live:
            continue
        trained = facts.state != FINISHED and folder.checkpoint.exists()
        # Else looking at the tables thrice (`--tags=profile`) would take a training's place.
        kind = f"{facts.job} {folder.network.exists()}" if facts.state == FINISHED else "broken off"
        if trained:
            kept = now - (facts.ended or facts.begun) < resumable_days * DAY_SECONDS
        else:
            kept = seen[kind] < (finished if facts.state == FINISHED else 1)
            seen[kind] += 1
        if not kept:
            left.append(folder)
    return left


def point_latest_to(folder: RunFolder) -> None:
    """Let `latest` lead to a run, in one step."""
    link = folder.path.with_name(LATEST)
    if link.is_dir() and not link.is_symlink():
        # A copy of the project whose links were copied as what they lead to.
        shutil.rmtree(link)
    new = link.with_name(f"{UNFINISHED}{os.getpid()}-{LATEST}")
    new.unlink(missing_ok=True)
    new.symlink_to(folder.run_id)
    new.replace(link)
