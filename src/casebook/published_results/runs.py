"""Runs of a ledger row: found in MLflow, and started where they are missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
from mlflow import MlflowClient

from casebook.config.paths import project_root, tracking_uri
from casebook.config.resolve import DEFAULT
from casebook.hooks.tracking import LEDGER_VARIABLE
from casebook.published_results.plan import SEEDS
from casebook.runtime.lazy_imports import import_deferred
from casebook.tracking.sqlite_store import create_store_once

if TYPE_CHECKING:
    from mlflow.entities import Run

    from casebook.published_results.plan import LedgerRow

# A row is run once only when one run takes longer.
SECONDS_FOR_SEEDS = 120
# What the ledger needs of a run; figures and packaging are left to runs of the default.
SCORING_NODES = ("score_test", "score_training", "describe_split", "cross_validate")


def open_store() -> MlflowClient:
    """Open the project's store, created first where there is none."""
    # The settings, read for the parameters, put it off.
    import_deferred()
    uri = tracking_uri()
    create_store_once(uri)
    mlflow.set_tracking_uri(uri)
    return MlflowClient(uri)


def find_runs(client: MlflowClient, row: LedgerRow) -> list[Run]:
    """Find the finished runs of a row in its present configuration, one a seed, in the order of the seeds."""
    experiment = client.get_experiment_by_name(row.case)
    if experiment is None:
        return []
    found = [
        run
        for key in filter(None, (row.former_key, row.key()))
        for run in client.search_runs(
            [experiment.experiment_id], f"tags.ledger = '{key}' and attributes.status = 'FINISHED'", max_results=200
        )
    ]
    by_seed = {run.data.tags.get("ledger.seed", ""): run for run in found}
    return [by_seed[seed] for seed in sorted(by_seed)]


def run_row(client: MlflowClient, row: LedgerRow, prepared_for: str = "") -> str:
    """Start the runs of a row that are missing: one, and further seeds where that took little time.

    Args:
        client: of the project's store.
        row: the row.
        prepared_for: `data_key` of the row whose prepared arrays lie on the disk, made just before.

    Returns:
        The same for the next row.

    Raises:
        SystemExit: a run failed; its output is printed above.
    """
    # Folds are assigned and scored by nodes that come before training.
    prepared = prepared_for == row.data_key() and not row.folds
    done = find_runs(client, row)
    if not done:
        _start(row, 1, prepared)
        done, prepared, prepared_for = find_runs(client, row), True, row.data_key()
    if row.folds or seconds(done[0]) > SECONDS_FOR_SEEDS:
        return prepared_for
    for seed in range(len(done) + 1, SEEDS + 1):
        _start(row, seed, prepared)
        prepared, prepared_for = True, row.data_key()
    return prepared_for


def seconds(run: Run) -> float:
    """Return a run's duration in seconds."""
    return float(run.info.end_time - run.info.start_time) / 1000


def _start(row: LedgerRow, seed: int, prepared: bool) -> None:
    """Run a row with one seed; on prepared arrays only training and scores are left to do."""
    given = ",".join(f"{name}={_write(value)}" for name, value in row.parameters(seed).items())
    nodes = [f"{row.case}.{name}" for name in (SCORING_NODES[:2] if prepared else SCORING_NODES)]
    command = [str(Path(sys.executable).with_name("kedro")), "run", f"--pipeline={row.case}", f"--params={given}"]
    if prepared:
        command += [f"--from-nodes={row.case}.train_network"]
    if prepared or row.variant != DEFAULT or row.changes:
        command += [f"--to-nodes={','.join(nodes)}"]
    sys.stdout.write(f"\n=== {row.case} {given}\n")
    sys.stdout.flush()
    marked = {**os.environ, LEDGER_VARIABLE: f"{row.key()} {seed}"}
    done = subprocess.run(command, cwd=project_root(), env=marked, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise SystemExit(f"{row.case} {row.variant} failed with exit code {done.returncode}; see above")


def _write(value: object) -> str:
    """Format a value for `--params`."""
    if isinstance(value, bool):
        return str(value).lower()
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)
