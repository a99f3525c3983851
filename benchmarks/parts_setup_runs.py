"""Measured part: whole runs of two cases against those of an earlier build, in turn, on the same sample.

Each build runs in a project of its own, with its own store; the sample is there before the clock starts. The later
build keeps its reference from run to run: `first` is its run without any, `seconds` the median of those that follow.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

from parts import COPIED, ROOT, below, clean_environment, copy_project, find_run, program
from processes import measure_command

Figures = dict[str, Any]

# The build before runs were made shorter.
BEFORE = "ed30312"
# Case -> how often each build runs it.
RUNS = {"pima": 7, "redhat": 3}


def measure_runs(scratch: Path) -> Figures:
    """Run pima and redhat whole by both builds, in turn.

    Returns:
        By case: `before` and `now`, each with `seconds` (median wall), `cpu` (median user and system seconds of all its
        processes), `peak_bytes`, `stages` of its last run and all `runs`; `first` of `now`; `share` of the medians.
    """
    return {case: compare_builds(case, count, scratch / case) for case, count in RUNS.items()}


def compare_builds(case: str, count: int, folder: Path) -> Figures:
    """Run a case by both builds, `count` times each in turn."""
    shutil.rmtree(folder, ignore_errors=True)
    projects = {"before": check_out(BEFORE, folder / "before"), "now": copy_project(folder / "now")}
    # Makes the sample, and byte code of both builds; the reference that it keeps is not that of the first run.
    time_run(projects["before"], case, folder / "before.log")
    shutil.copytree(projects["before"] / "data" / "01_raw", projects["now"] / "data" / "01_raw")
    time_run(projects["now"], case, folder / "now.log")
    shutil.rmtree(projects["now"] / "data" / "06_models")
    found: dict[str, list[Figures]] = {name: [] for name in projects}
    for number in range(count + 1):
        for name, project in projects.items():
            # The first of now has no reference from an earlier run: it stands by itself.
            if number or name == "now":
                found[name].append(time_run(project, case, folder / f"{name}.log"))
    first = found["now"].pop(0)
    figures: Figures = {name: summarize(runs) for name, runs in found.items()}
    share = figures["now"]["seconds"] / figures["before"]["seconds"]
    shutil.rmtree(folder)
    return {**figures, "first": first, "share": share, "first_share": first["seconds"] / figures["before"]["seconds"]}


def check_out(commit: str, folder: Path) -> Path:
    """Write what a run needs of a commit into a folder; it runs in this environment by its `src` on the path."""
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit, *COPIED], capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    (folder / "conf" / "local").mkdir(exist_ok=True)
    return folder


def time_run(project: Path, case: str, log: Path) -> Figures:
    """Run a case in a project and read what it took.

    Raises:
        RuntimeError: the run was not made by the project's own code.
    """
    source = project / "src"
    environment = {**clean_environment(), "PYTHONPATH": str(source)}
    where = "import casebook; print(casebook.__file__)"
    told = subprocess.run(
        [program("python"), "-c", where], cwd=project, env=environment, capture_output=True, text=True, check=True
    )
    if not Path(told.stdout.strip()).is_relative_to(source):
        raise RuntimeError(f"{project} runs {told.stdout.strip()} instead of its own code")
    before = os.times()
    measured = measure_command([program("kedro"), "run", f"--pipelines={case}"], project, environment, log)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    stages = below(find_run(project, case).data.metrics, "seconds")
    return {"seconds": measured.seconds, "cpu": cpu, "peak_bytes": measured.peak_bytes, "stages": stages}


def summarize(runs: list[Figures]) -> Figures:
    """Give the medians of runs."""
    medians = {name: statistics.median(run[name] for run in runs) for name in ("seconds", "cpu", "peak_bytes")}
    return {**medians, "stages": runs[-1]["stages"], "runs": [run["seconds"] for run in runs]}
