"""Measured parts of studies: a search beside the straightforward way, memory of workers, and the bare storage."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psutil
import yaml

from parts import ROOT, clean_environment, copy_project, program
from postgresql_server import postgresql_server
from processes import measure_command
from study_settings import EPOCHS, list_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna

Figures = dict[str, Any]

REFERENCE = Path(__file__).with_name("reference_study.py")
STORER = Path(__file__).with_name("store_trials.py")
PEOPLE, ACTIVITIES, SEED = 18_911, 200_000, 1
WORKERS, STORERS, STORED = 2, 8, 1000
SAMPLED_EVERY = 0.5
# What a process of TensorFlow takes that trains one small network and knows nothing of casebook.
BARE = """
import numpy as np, psutil, keras
network = keras.Sequential([keras.layers.Input([183]), keras.layers.Dense(512, "relu"), keras.layers.Dense(1)])
network.compile("adam", "mse", steps_per_execution=16)
network.fit(np.zeros([8192, 183], "float32"), np.zeros(8192), batch_size=256, epochs=3, verbose=0)
print(psutil.Process().memory_full_info().pss)
"""


def study_files() -> Path:
    """Give the folder of generated files with 200,000 activities."""
    folder = ROOT / "data" / "bench" / "study" / "redhat"
    if not (folder / "act_train.csv").exists():
        from casebook.synthetic_data import redhat

        folder.mkdir(parents=True, exist_ok=True)
        redhat.write_sample(redhat.generate_sample(PEOPLE, ACTIVITIES, SEED), folder)
    return folder


def measure_study_reference(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Search the straightforward way."""
    report = scratch / "reference.json"
    command = [sys.executable, str(REFERENCE), str(study_files()), str(report)]
    measure_command(command, scratch, clean_environment(), scratch / "reference.log")
    figures: Figures = json.loads(report.read_text())
    return figures


def measure_study(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Search the same settings with two workers, one preparation and a median pruner."""
    project = copy_project(scratch / "project")
    write_study(project / "conf" / "local" / "redhat" / "parameters_study.yml")
    raw = {"CASEBOOK_RAW": str(study_files().parent), "PYTHONPATH": str(project / "src")}
    command = [program("kedro"), "run", "--pipelines=redhat_study"]
    memory: dict[int, int] = {}
    done = threading.Event()
    watcher = threading.Thread(target=watch_workers, args=(memory, done))
    watcher.start()
    try:
        measured = measure_command(command, project, {**clean_environment(), **raw}, scratch / "study.log")
    finally:
        done.set()
        watcher.join()
    rows = read_leaderboard(project)
    shutil.rmtree(project)
    bare = subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True, check=True)
    peak = max(memory.values())
    return {**rows, "wall_seconds": measured.seconds, "worker_bytes": peak, "bare_bytes": int(bare.stdout)}


def write_study(file: Path, epochs: int = EPOCHS) -> None:
    """Write the study: the settings as a list, on the row split, so many epochs each."""
    names = {"hidden": "network", "dropout": "network", "learning_rate": "optimizer"}
    first = []
    for setting in list_settings():
        training: Figures = {"batch_size": setting["batch_size"]}
        for leaf, block in names.items():
            training.setdefault(block, {})[leaf] = setting[leaf]
        first.append({"training": training})
    study = {"sampler": "manual", "first": first, "trials": len(first), "workers": WORKERS, "pruner": "median"}
    # As Optuna's median pruner comes: from the first epoch on; casebook's own default waits for the second.
    study |= {"pruning": {"startup_trials": 5, "warmup_steps": 0}}
    study |= {"metric": "val/accuracy", "direction": "maximize", "seeds": 1, "max_trials_per_worker": len(first)}
    training = {"epochs": epochs, "metrics": ["accuracy"], "early_stopping": {"patience": 0}, "network": {"l1": 0.0}}
    training |= {"optimizer": {"name": "adam", "options": {}}, "schedule": {"name": "constant", "warmup_share": 0.0}}
    network = {"embedding": {"category_dropout": 0.0}, "l1": 0.0, "initializer": "glorot_uniform"}
    training["network"] = network
    block = {"split": {"strategy": "row"}, "training": training, "study": study}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({"redhat": block}))


def watch_workers(memory: dict[int, int], done: threading.Event) -> None:
    """Keep the peak of each worker's proportional memory, pages that they share counted by share."""
    while not done.wait(SAMPLED_EVERY):
        for process in psutil.process_iter(["cmdline"]):
            if "casebook.tuning.worker" in (process.info["cmdline"] or []):
                try:
                    memory[process.pid] = max(memory.get(process.pid, 0), process.memory_full_info().pss)
                except psutil.NoSuchProcess:
                    continue


def read_leaderboard(project: Path) -> Figures:
    """Read what the study of a project found."""
    from casebook.tuning.study import open_location

    study = open_location(f"journal:///{project}/data/06_models/redhat/study.journal", "redhat").load()
    return {**read_trials(study.get_trials(deepcopy=False)), "best": study.best_value}


def read_trials(trials: list[optuna.trial.FrozenTrial]) -> Figures:
    """Read the span of a study's trials, their ends, and what a trial took beyond its training."""
    span = max(t.datetime_complete for t in trials) - min(t.datetime_start for t in trials)
    complete = [t for t in trials if t.state.name == "COMPLETE"]
    beyond = [t.duration.total_seconds() - t.user_attrs["seconds"] for t in complete]
    return {
        "seconds": span.total_seconds(),
        "trials": len(trials),
        "pruned": sum(t.state.name == "PRUNED" for t in trials),
        "beyond_seconds": sum(beyond) / len(beyond),
    }


def measure_storage(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Have eight processes take 1,000 trials of a trivial objective from a journal, then from PostgreSQL."""
    journal = scratch / "bench.journal"
    journal.unlink(missing_ok=True)
    figures = {"journal": store_trials(f"journal:///{journal}")}
    # Outside the project, whose folders need not let another user pass.
    with TemporaryDirectory() as folder, postgresql_server(Path(folder) / "server") as address:
        return figures | {"postgresql": store_trials(address)}


def store_trials(address: str) -> Figures:
    """Let the processes run; give their seconds, start included, and whether each trial came once."""
    from casebook.tuning.study import create_or_join_study, open_location

    place = open_location(address, "bench")
    create_or_join_study(place, ["minimize"], {}, [], lambda: "")
    start = time.perf_counter()
    storers = [subprocess.Popen([sys.executable, str(STORER), address, "bench", str(STORED)]) for _ in range(STORERS)]
    codes = [storer.wait() for storer in storers]
    seconds = time.perf_counter() - start
    numbers = sorted(trial.number for trial in place.load().get_trials(deepcopy=False) if trial.state.is_finished())
    exact = codes == [0] * STORERS and numbers == list(range(STORED))
    return {"seconds": seconds, "complete": len(numbers), "exact": exact}


STUDY_PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {
    "study_reference": measure_study_reference,
    "study": measure_study,
    "storage": measure_storage,
}
