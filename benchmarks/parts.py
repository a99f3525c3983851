"""The measured parts: the straightforward way, a casebook run, and the commands that only look around."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comparison import PREPARATION
from processes import measure_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import psutil
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from processes import Measurement

Figures = dict[str, Any]

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(__file__).with_name("reference_redhat.py")
CASE = "redhat"
REFERENCE_EPOCHS = 3
REPEATS = 3
LOOKING_AROUND = ("kedro --help", "kedro registry list")
COPIED = ("conf", "src", "pyproject.toml", ".telemetry")
# The user's own configuration and what other tools leave behind are no part of the project.
LEFT_OUT = ("local", "*.egg-info", ".ipynb_checkpoints")


def measure_reference(raw: Path, scratch: Path, _variant: str) -> Figures:
    """Run the straightforward way on the files in `raw/redhat`."""
    report = scratch / "reference.json"
    command = [sys.executable, str(REFERENCE), str(raw / CASE), str(report), "--epochs", str(REFERENCE_EPOCHS)]
    measured = measure_command(command, scratch, clean_environment(), scratch / "reference.log")
    figures: Figures = json.loads(report.read_text())
    peak = max(figures["peak_bytes"], measured.peak_bytes)
    return {**figures, "wall_seconds": measured.seconds, "peak_bytes": peak}


def measure_preparation(raw: Path, scratch: Path, variant: str) -> Figures:
    """Run casebook's stages from raw files to model arrays alone, to the end of the run.

    Tables are written in the background, so the sum of the stages could miss the end of the writing, and in a whole
    run the profile would hide some of it. Here nothing runs beside these stages, and the clock stops when the run has
    ended and every file is there.
    """
    project = copy_project(scratch / "project")
    measured = run_casebook(project, CASE, variant, raw, scratch / "casebook.log", [f"--tags={','.join(PREPARATION)}"])
    run = find_run(project)
    stages = below(run.data.metrics, "seconds")
    # The run counts its start from the same time of day, so that the error of that clock cancels out.
    seconds = run.info.end_time / 1000 - measured.started - stages["start"]
    shutil.rmtree(project)
    return {"stages": stages, "seconds": seconds, "variant": variant, "peak_bytes": measured.peak_bytes}


def measure_casebook(raw: Path, scratch: Path, variant: str) -> Figures:
    """Run casebook on the files in `raw/redhat`."""
    project = copy_project(scratch / "project")
    measured = run_casebook(project, CASE, variant, raw, scratch / "casebook.log")
    read = read_run(project)
    figures = {
        **read,
        "import_keras": read["stages"]["tensorflow"],
        "variant": variant,
        "wall_seconds": measured.seconds,
        "peak_bytes": measured.peak_bytes,
    }
    # The figures are read; at full size the copy's tables take half a gigabyte.
    shutil.rmtree(project)
    return figures


def run_casebook(
    project: Path,
    case: str,
    variant: str,
    raw: Path | None,
    log: Path,
    options: Sequence[str] = (),
    given: str = "",
    memory: Callable[[psutil.Process], float] | None = None,
) -> Measurement:
    """Run a case in a copy of the project with its own data and MLflow store; without a raw folder on a sample."""
    parameters = ",".join([f"{case}.variant={variant}", *([given] if given else [])])
    command = [program("kedro"), "run", f"--pipelines={case}", *options, "--params", parameters]
    named = {"CASEBOOK_RAW": str(raw)} if raw else {}
    environment = {**clean_environment(), "PYTHONPATH": str(project / "src"), **named}
    return measure_command(command, project, environment, log, memory)


def measure_commands(_raw: Path, scratch: Path, _variant: str) -> Figures:
    """Time the commands that only look around, each a few times in a project without data."""
    project = copy_project(scratch / "project")
    environment = {**clean_environment(), "PYTHONPATH": str(project / "src")}
    times: Figures = {}
    for words in LOOKING_AROUND:
        name, *arguments = words.split()
        runs = (
            measure_command([program(name), *arguments], project, environment, scratch / "commands.log")
            for _ in range(REPEATS)
        )
        times[words] = [measured.seconds for measured in runs]
    return times


PARTS: dict[str, Callable[[Path, Path, str], Figures]] = {
    "reference": measure_reference,
    "preparation": measure_preparation,
    "casebook": measure_casebook,
    "commands": measure_commands,
}


def copy_project(folder: Path) -> Path:
    """Copy what a run needs into an empty folder, so that neither the user's data nor their store is touched."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        elif source.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    (folder / "conf" / "local").mkdir()
    return folder


def program(name: str) -> str:
    """Give a program of the environment that runs this script."""
    return str(Path(sys.executable).with_name(name))


def clean_environment() -> dict[str, str]:
    """Give this process's variables without those that would lead a run elsewhere."""
    prefixes = ("CASEBOOK_", "MLFLOW_", "KEDRO_", "KERAS_", "TF_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def read_run(project: Path) -> Figures:
    """Read the figures of the one run in a project's MLflow store.

    Returns:
        `stages` (seconds), `curve` (epoch, time of its end, validation accuracy), `rows`, `features` and `scores`.
    """
    run = find_run(project)
    points = open_store(project).get_metric_history(run.info.run_id, "val/accuracy")
    metrics = run.data.metrics
    curve = [{"epoch": p.step, "time": p.timestamp / 1000, "accuracy": p.value} for p in points]
    return {
        "stages": below(metrics, "seconds"),
        "curve": sorted(curve, key=lambda point: point["epoch"]),
        "rows": {part: int(metrics[f"data/{part}_rows"]) for part in ("train", "validation", "test")},
        "features": int(metrics["data/features"]),
        "scores": {who: below(metrics, who) for who in ("test", "reference", "baseline")},
    }


def find_run(project: Path, case: str = CASE) -> Run:
    """Find the newest run in a project's store that is none of another's, as those of an ensemble's networks are."""
    return next(run for run in list_runs(project, case) if "mlflow.parentRunId" not in run.data.tags)


def list_runs(project: Path, case: str = CASE) -> list[Run]:
    """Give the runs in a project's store, the newest first."""
    client = open_store(project)
    experiment = client.get_experiment_by_name(case)
    return list(client.search_runs([experiment.experiment_id]))


def open_store(project: Path) -> MlflowClient:
    """Open a project's own store."""
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{project / 'mlruns' / 'mlflow.db'}")


def below(metrics: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Give the metrics called `<prefix>/<name>`, by name."""
    return {name.removeprefix(f"{prefix}/"): v for name, v in metrics.items() if name.startswith(f"{prefix}/")}
