"""Measured parts of a cluster on one machine: trials that wait, and a real study on it beside the laptop's way."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import psutil

from casebook.cluster.addresses import ClusterAddresses
from casebook.cluster.local import LocalCluster
from casebook.tuning.study import open_location
from parts import clean_environment, copy_project, program
from parts_study import read_trials, study_files, write_study
from processes import measure_command, tree_cpu_seconds
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
# Of each trial: the shorter a training, the more what a cluster adds to it would show.
STUDY_EPOCHS = 2
# Files that are scored, and rows of each; fewer are for trying the part.
FILES, FILE_ROWS = int(os.environ.get("CLUSTER_FILES", "100")), 500_000
# So often a folder is scored in both ways, in turn: what else the machine does is then both ways' alike.
PAIRS = int(os.environ.get("CLUSTER_PAIRS", "3"))
# Of a run, the part whose peak of memory is compared with that of all of it; and how often memory is looked at.
BEGINNING, SAMPLED_EVERY = 0.2, 0.5
TRAINED = ",".join(f"{STUDY}.{node}" for node in ("package_model", "profile_training", "select_promotion_rows",
                                                  "score_test"))  # fmt: skip


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


def overhead_of(trials: list[optuna.trial.FrozenTrial], seconds: float) -> float:
    """Compute the median seconds of a trial in the storage beside those that it waits."""
    beyond = [t.duration.total_seconds() - seconds for t in trials if t.duration]
    return statistics.median(beyond)


def measure_cluster_study(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Run the study of 30 settings in two processes of this machine, and on a cluster with two workers."""
    found: Figures = {"laptop": [], "cluster": []}
    with running_cluster(WORKERS) as variables:
        for number in range(REPEATS):
            found["laptop"].append(run_study(scratch / "laptop", {}, number))
            found["cluster"].append(run_study(scratch / "cluster", variables, number))
    return {**found, "epochs": STUDY_EPOCHS}


def run_study(folder: Path, variables: dict[str, str], number: int) -> Figures:
    """Run the study in a new project -> its seconds, those of its trials, and what a trial took beside its training."""
    project = copy_project(folder)
    write_study(project / "conf" / "local" / "redhat" / "parameters_study.yml", STUDY_EPOCHS)
    if variables:
        (project / "conf" / "cluster" / "redhat").mkdir(parents=True)
        write_study(project / "conf" / "cluster" / "redhat" / "parameters_study.yml", STUDY_EPOCHS)
    raw = {"CASEBOOK_RAW": str(study_files().parent), "PYTHONPATH": str(project / "src")}
    options = ["--env=cluster"] if variables else []
    command = [program("kedro"), "run", "--pipelines=redhat_study", *options]
    command += ["--params", f"redhat.study.name={STUDY}{number}"]
    environment = {**clean_environment(), **raw, **variables}
    measured = measure_command(command, project, environment, folder.with_suffix(".log"))
    journal = f"journal:///{project}/data/06_models/redhat/study.journal"
    address = variables.get("CASEBOOK_STUDY_STORAGE", journal)
    trials = open_location(address, f"{STUDY}{number}").load().get_trials(deepcopy=False)
    return {"wall_seconds": measured.seconds, **read_trials(trials)}


def measure_scoring(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Score the files of a folder by one process and by two workers, in turn, with the same model."""
    found: Figures = {"files": FILES, "rows": FILES * FILE_ROWS, "laptop": [], "cluster": []}
    with running_cluster(WORKERS) as variables:
        project = copy_project(scratch / "project")
        inbox = write_inbox(scratch / "inbox")
        raw = {"CASEBOOK_RAW": str(study_files().parent), "PYTHONPATH": str(project / "src")}
        environment = {**clean_environment(), **raw, **variables}
        train = [program("kedro"), "run", "--pipelines=redhat", f"--to-nodes={TRAINED}"]
        measure_command(train, project, environment, scratch / "train.log")
        for number in range(PAIRS):
            for way, options in (("laptop", []), ("cluster", ["--env=cluster"])):
                words = ["--pipelines=redhat_predict", *options, "--params", f"redhat.predict.folder={inbox}"]
                log = scratch / f"{way}{number}.log"
                found[way].append(score_folder([program("kedro"), "run", *words], project, environment, log))
    return found


def score_folder(command: list[str], project: Path, environment: dict[str, str], log: Path) -> Figures:
    """Score a folder of which there are no answers -> rows a second, CPU seconds, and memory.

    The CPU seconds are those of the command with its start; beside them those of Dask's scheduler and workers
    meanwhile, which take some where they have nothing to do, too.
    """
    shutil.rmtree(project / "data" / "07_model_output", ignore_errors=True)
    answers, before = project / "data" / "07_model_output" / "redhat" / "predicted", dask_cpu_seconds()
    with sampling_memory(answers, "--env=cluster" in command) as samples:
        measured = measure_command(command, project, environment, log)
    return {
        **read_scoring(project), "wall_seconds": measured.seconds, "cpu_seconds": measured.cpu_seconds,
        "dask_cpu_seconds": dask_cpu_seconds() - before, "peak_bytes": measured.peak_bytes,
        "growth": growth_of(samples),
    }  # fmt: skip


def dask_cpu_seconds() -> float:
    """Add up the CPU seconds so far of the scheduler and the workers that this process has started."""
    started = psutil.Process().children()
    return sum(tree_cpu_seconds(each) for each in started if "distributed.cli" in " ".join(each.cmdline()))


def write_inbox(folder: Path) -> Path:
    """Write the files to score: the rows of the study's act_test.csv over and over, the same in each file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    header, *rows = (study_files() / "act_test.csv").read_bytes().splitlines(keepends=True)
    first = folder / "act_000.csv"
    first.write_bytes(b"".join([header, *islice(cycle(rows), FILE_ROWS)]))
    for number in range(1, FILES):
        os.link(first, folder / f"act_{number:03}.csv")
    return folder


def read_scoring(project: Path) -> Figures:
    """Read what the newest command has counted."""
    counted = json.loads((project / "data" / "07_model_output" / "redhat" / "scored.json").read_text())
    return {"rate": counted["rows"] / counted["seconds"], **{name: counted[name] for name in ("rows", "seconds")}}


@contextmanager
def sampling_memory(answers: Path, on_workers: bool) -> Iterator[list[int]]:
    """Look at the largest resident memory of a process: of the workers of a cluster, else of this one's children.

    Args:
        answers: folder of answers; what a process takes to begin is no growth, so that the first ones are waited for.
        on_workers: of which processes.

    Yields:
        The bytes, in the order of time.
    """
    samples: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(SAMPLED_EVERY):
            # One that ends meanwhile has nothing to say.
            with suppress(psutil.Error, ValueError):
                there = find_workers() if on_workers else psutil.Process().children(recursive=True)
                if any(answers.glob("[!.]*")):
                    samples.append(max(process.memory_info().rss for process in there))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def find_workers() -> list[psutil.Process]:
    """Find the processes of the workers that this one has started, by way of Dask's nannies."""
    return [each for each in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(each.cmdline())]


def growth_of(samples: list[int]) -> float:
    """Compute the peak of all of a run over that of its beginning."""
    return max(samples) / max(samples[: max(1, int(len(samples) * BEGINNING))])


CLUSTER_PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {
    "cluster": measure_waiting,
    "cluster_study": measure_cluster_study,
    "cluster_scoring": measure_scoring,
}
