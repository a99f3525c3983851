"""Measured part: casebook's defaults and peers on the same rows of a real table.

casebook runs as a user's would, from `casebook init` to a registered model, without what peers do not do either:
profiles, figures and the page; the reference beside the model is kept from before, the trees in it are fitted. Peers
get the raw columns that its model takes, joined and typed, and the same training, validation and test rows, without
the targets of the latter.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.data.splitting import PARTS, TEST, VALIDATION
from casebook.evaluation.scores import predict_baseline, score_predictions
from casebook.run_folders.folder import NETWORK
from comparison_tables import METRICS, OTHERS
from parts import ROOT, below, clean_environment, copy_project, find_run, program
from parts_tables import declare, environment
from processes import measure_command, tree_proportional_bytes
from real_tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processes import Measurement

Figures = dict[str, Any]

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
SCRIPT = Path(__file__).parent / "peers" / "fit_peer.py"
LEFT_OUT = ("profile", "figures", "report")
# What a peer's `fit` does too, from typed rows in memory to a fitted model.
FITTING = ("features", "preprocessing", "training")
# A thread that waits for another one in a busy loop takes the other's core where there are few.
WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
TARGET, PART = "casebook_target", "casebook_part"
FITTED, TESTED, TARGETS, ABOUT = "fitting.parquet", "test.parquet", "test_target.npy", "about.json"
# How far casebook's own baseline may be from the one computed of the exported rows.
TOLERANCE = 1e-5


class OtherRowsError(RuntimeError):
    """The exported rows are not those that casebook's figures are of."""


def measure_casebook(name: str, seed: int, raw: Path, folder: Path) -> Figures:
    """Declare a table and run it in a new project, and export its rows to `folder/rows`.

    Returns:
        `scores`, those of the `baseline`, `counts` of rows a part, seconds, peak, and the fingerprint `rows`.
    """
    table, project = TABLES[name], copy_project(folder / "project")
    declare(name, table, raw, project, folder)
    said = [f"{name}.{leaf}={seed}" for leaf in ("split.seed", "training.seed")]
    said += [f"{name}.{leaf}=none" for leaf in LEFT_OUT]
    command = [program("kedro"), "run", f"--pipeline={name}", "--params", ",".join(said)]
    variables, log = environment(project), folder / "run.log"
    # No peer fits a second model to be compared with: the run finds it there.
    measure_command([*command, f"--to-nodes={name}.fit_reference"], project, variables, log, tree_proportional_bytes)
    measured = measure_command(command, project, variables, log, tree_proportional_bytes)
    found = find_run(project, name)
    metrics, run = found.data.metrics, project / "data" / "runs" / name / found.info.run_id
    trained = (run / NETWORK).stat().st_mtime
    fingerprint = export_rows(run, table.target, table.task, folder / "rows")
    check_same_rows(folder / "rows", table.task, below(metrics, "baseline"))
    shutil.rmtree(project)
    stages = below(metrics, "seconds")
    before = sum(stages[stage] for stage in FITTING[:-1])
    return {
        "scores": select_scores(below(metrics, "test"), table.task),
        "baseline": select_scores(below(metrics, "baseline"), table.task),
        "counts": {part: int(metrics[f"data/{part}_rows"]) for part in PARTS},
        "fit_seconds": before + stages["training"],
        # A core of each second before the training, which takes most.
        "fit_cpu_seconds": before + measured.cpu_between(trained - stages["training"], trained),
        **describe(measured),
        "rows": fingerprint,
    }


def measure_peer(who: str, seed: int, cores: int, limit_seconds: float, folder: Path) -> Figures:
    """Fit a peer on the rows in `folder/rows`, and score what it predicts as casebook scores itself.

    Returns:
        As `measure_casebook`, without what is of the rows.
    """
    rows, scratch = folder / "rows", folder / who
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    report = scratch / "report.json"
    command = [str(PYTHON), str(SCRIPT), str(rows), who, str(seed), str(cores), str(report)]
    variables, log = clean_environment() | WAITING, folder / f"{who}.log"
    most = cores * limit_seconds
    measured = measure_command(command, scratch, variables, log, tree_proportional_bytes, limit_cpu_seconds=most)
    scores = score_test(rows, np.load(scratch / "predictions.npy"))
    said: Figures = json.loads(report.read_text())
    shutil.rmtree(scratch)
    return {"scores": scores, **said, **describe(measured)}


def describe(measured: Measurement) -> Figures:
    """Return what the whole process took."""
    return {
        "wall_seconds": measured.seconds,
        "cpu_seconds": measured.cpu_seconds,
        "peak_bytes": measured.peak_bytes,
    }


def select_scores(scores: Mapping[str, float], task: str) -> dict[str, float]:
    """Select what is compared and what stands beside it."""
    return {metric: scores[metric] for metric in (METRICS[task], OTHERS[task]) if metric in scores}


def export_rows(run: Path, target: str, task: str, folder: Path) -> str:
    """Write what peers are fitted on, and of what they are scored on all but the targets, which lie beside it.

    Args:
        run: folder of a finished run of casebook.
        target: column.
        task: binary, multiclass or regression.
        folder: gets `fitting.parquet` (training and validation rows), `test.parquet` and `test_target.npy`.

    Returns:
        The fingerprint of the test rows.
    """
    rows = pd.read_parquet(run / "03_primary" / "joined_rows.parquet").reset_index(drop=True)
    part = pd.read_parquet(run / "05_model_input" / "split_assignment.parquet")["part"].to_numpy()
    taken = pd.read_parquet(run / "03_primary" / "example_rows.parquet").columns
    # LightGBM refuses names with brackets and the like.
    plain = pd.DataFrame({f"column_{number}": plain_column(rows[name]) for number, name in enumerate(taken)})
    labels = rows[target].to_numpy()
    fitting, test = (part & ~np.uint8(TEST)) & (PARTS["train"] | VALIDATION) > 0, (part & TEST) > 0
    folder.mkdir(parents=True, exist_ok=True)
    names = np.where(part & VALIDATION, "validation", "train")
    columns = {TARGET: labels[fitting], PART: names[fitting]}
    plain[fitting].assign(**columns).to_parquet(folder / FITTED, index=False)
    plain[test].to_parquet(folder / TESTED, index=False)
    np.save(folder / TARGETS, labels[test].astype(np.float64))
    classes = 0 if task == "regression" else int(labels.max()) + 1
    (folder / ABOUT).write_text(json.dumps({"task": task, "classes": classes}))
    hashes = pd.util.hash_pandas_object(plain[test].assign(**{TARGET: labels[test]}), index=False)
    return hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()[:16]


def plain_column(column: pd.Series) -> pd.Series:
    """Return a column as peers may read it: numbers, texts or dates, without casebook's own types."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    return column.astype(object).map(str, na_action="ignore").astype("str")


def check_same_rows(folder: Path, task: str, baseline: Mapping[str, float]) -> None:
    """Compare casebook's baseline with that of the exported rows, which hangs on training and test rows alone.

    Raises:
        OtherRowsError: they differ.
    """
    fitting, target = pd.read_parquet(folder / FITTED), np.load(folder / TARGETS)
    train = fitting.loc[fitting[PART] == "train", TARGET].to_numpy()
    classes = json.loads((folder / ABOUT).read_text())["classes"] if task == "multiclass" else None
    metric = METRICS[task]
    found = score_predictions(task, target, predict_baseline(task, train, len(target), classes))[metric]
    if abs(found - baseline[metric]) > TOLERANCE * abs(baseline[metric]):
        raise OtherRowsError(
            f"{folder}: the baseline's {metric} is {found} on the exported rows, {baseline[metric]} in the run"
        )


def score_test(folder: Path, predictions: np.ndarray) -> dict[str, float]:
    """Score a peer's predictions: of shape (rows,) for a regression, else (rows, classes)."""
    task = json.loads((folder / ABOUT).read_text())["task"]
    found = predictions[:, 1] if task == "binary" else predictions
    return select_scores(score_predictions(task, np.load(folder / TARGETS), found), task)
