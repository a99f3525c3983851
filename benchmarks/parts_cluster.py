"""Measured parts of a cluster on one machine: trials that wait, and a real study on it beside the laptop's way."""

from __future__ import annotations

import os
import statistics
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from casebook.cluster.addresses import ClusterAddresses
from casebook.cluster.local import LocalCluster
from casebook.tuning.study import open_location
from parts import clean_environment, copy_project, program
from parts_study import read_trials, study_files, write_study
from processes import measure_command
from waiting_trials import WaitingLaunch, executor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import optuna

Figures = dict[str, Any]

PROCESSES, THREADS = 8, 8
# A smaller number of shorter waits is for trying the part; the page's row is of these.
TRIALS = int(os.environ.get("CLUSTER_TRIALS", "1000"))
WAIT_SECONDS = float(os.environ.get("CLUSTER_WAIT", "10"))
WORKERS, REPEATS = 2, 1
STUDY = "redhat"


@contextmanager
def running_cluster(workers: int, threads: int = 0) -> Iterator[dict[str, str]]:
    """Run a cluster of this machine for as long as it is needed.

    Yields:
        Its variables.
    """
    before = dict(os.environ)
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    cluster = LocalCluster(Path(mkdtemp(prefix="casebook-bench-")))
    try:
        variables = cluster.up(workers, lambda _: None, threads)
        os.environ.update(variables)
        yield variables
    finally:
        cluster.down(lambda _: None)
        os.environ.clear()
        os.environ.update(before)


def measure_waiting(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Hand out trials that wait to the threads of several processes; seconds from the launch to the last trial's end.

    What a process imports when it begins is no part of it: one trial a thread comes before.
    """
    with running_cluster(PROCESSES, THREADS) as variables:
        addresses = ClusterAddresses.of(variables)
        slots = PROCESSES * THREADS
        executor_of(addresses, 0.5).run(WaitingLaunch(addresses.storage, "warm", slots, scratch))
        launch = WaitingLaunch(addresses.storage, "waiting", TRIALS, scratch)
        began = datetime.now()
        executor_of(addresses, WAIT_SECONDS).run(launch)
        trials = launch.study.get_trials(deepcopy=False)
        seconds = (max(t.datetime_complete for t in trials if t.datetime_complete) - began).total_seconds()
        ideal = TRIALS * WAIT_SECONDS / slots
        states = Counter(trial.state.name for trial in trials)
        exact = states == {"COMPLETE": TRIALS} and len({t.params["toy.training.x"] for t in trials}) == TRIALS
        return {
            "trials": TRIALS, "wait": WAIT_SECONDS, "slots": slots, "seconds": seconds, "ideal": ideal, "exact": exact,
            "overhead": overhead_of(trials, WAIT_SECONDS), "said": launch.lines[-1],
        }  # fmt: skip


def overhead_of(trials: list[optuna.trial.FrozenTrial], seconds: float = 0.0) -> float:
    """Compute the median seconds of a trial in the storage beside its training, which it names itself or is given."""
    beyond = [t.duration.total_seconds() - t.user_attrs.get("seconds", seconds) for t in trials if t.duration]
    return statistics.median(beyond)


def measure_cluster_study(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Run the study of 30 settings in two processes of this machine, and on a cluster with two workers."""
    found: Figures = {"laptop": [], "cluster": []}
    with running_cluster(WORKERS) as variables:
        for number in range(REPEATS):
            found["laptop"].append(run_study(scratch / "laptop", {}, number))
            found["cluster"].append(run_study(scratch / "cluster", variables, number))
    return found


def run_study(folder: Path, variables: dict[str, str], number: int) -> Figures:
    """Run the study in a new project -> its seconds, those of its trials, and what a trial took beside its training."""
    project = copy_project(folder)
    write_study(project / "conf" / "local" / "redhat" / "parameters_study.yml")
    if variables:
        (project / "conf" / "cluster" / "redhat").mkdir(parents=True)
        write_study(project / "conf" / "cluster" / "redhat" / "parameters_study.yml")
    raw = {"CASEBOOK_RAW": str(study_files().parent), "PYTHONPATH": str(project / "src")}
    options = ["--env=cluster"] if variables else []
    command = [program("kedro"), "run", "--pipelines=redhat_study", *options]
    command += ["--params", f"redhat.study.name={STUDY}{number}"]
    environment = {**clean_environment(), **raw, **variables}
    measured = measure_command(command, project, environment, folder.with_suffix(".log"))
    journal = f"journal:///{project}/data/06_models/redhat/study.journal"
    address = variables.get("CASEBOOK_STUDY_STORAGE", journal)
    trials = open_location(address, f"{STUDY}{number}").load().get_trials(deepcopy=False)
    return {"wall_seconds": measured.seconds, **read_trials(trials), "overhead": overhead_of(trials)}


CLUSTER_PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {
    "cluster": measure_waiting,
    "cluster_study": measure_cluster_study,
}
