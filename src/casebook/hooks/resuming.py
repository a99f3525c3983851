"""Going on with a run that was killed in training."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click
import mlflow
import yaml

from casebook.config.schema import EXECUTION_OPTIONS
from casebook.config.tree import differ
from casebook.training.checkpoints import read_owner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow.entities import Run

LOGGER = logging.getLogger(__name__)
# Where a run keeps its merged parameters.
PARAMETERS_FILE = "config/parameters.yml"


def find_killed_run(case: str, parameters: Mapping[str, Any], fingerprint: str | None, checkpoint: Path) -> Run | None:
    """Find the run that a case's checkpoint belongs to.

    Args:
        case: its name.
        parameters: the case's merged parameters, now.
        fingerprint: of the raw files, now; none where this command reads none.
        checkpoint: where training keeps its state.

    Returns:
        The run, or nothing when no training was broken off: that is said, and a new run begins.

    Raises:
        UsageError: the run is not in this store, or its parameters or raw files were others.
    """
    run_id = read_owner(checkpoint)
    if not run_id:
        LOGGER.warning("%s.resume: no training was broken off, so there is nothing to resume; a new run begins", case)
        return None
    try:
        run = mlflow.get_run(run_id)
    except mlflow.MlflowException:
        raise click.UsageError(
            f"{case}.resume: {checkpoint} is of run {run_id}, which {mlflow.get_tracking_uri()} does not hold; "
            f"name its store in MLFLOW_TRACKING_URI, or leave out {case}.resume"
        ) from None
    refuse_differences(case, _kept_parameters(run_id, case), what_counts(parameters))
    if fingerprint is not None and run.data.tags.get("data.fingerprint") != fingerprint:
        raise click.UsageError(f"{case}.resume: the raw files are others than in run {run_id}; leave out {case}.resume")
    _end_children(run)
    return run


def _end_children(run: Run) -> None:
    """End the folds that were open when their run was killed; they begin anew."""
    client = mlflow.MlflowClient()
    open_ones = f"tags.mlflow.parentRunId = '{run.info.run_id}' and attributes.status = 'RUNNING'"
    for child in client.search_runs([run.info.experiment_id], open_ones):
        client.set_terminated(child.info.run_id, "KILLED")


def what_counts(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the parameters that do not change results: variants that were not chosen, and execution options."""
    return {name: value for name, value in parameters.items() if name not in {"variants", *EXECUTION_OPTIONS}}


def refuse_differences(case: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse other parameters than those of the run to be resumed, by their dotted keys."""
    told = [f"{case}.{key} is {present} and was {earlier}" for key, earlier, present in differ(before, now)]
    if told:
        raise click.UsageError(
            f"{case}.resume: {'; '.join(told)}. A run goes on with the parameters that it began with: give those, "
            f"or leave out {case}.resume"
        )


def _kept_parameters(run_id: str, case: str) -> dict[str, Any]:
    kept: dict[str, Any] = yaml.safe_load(mlflow.artifacts.load_text(f"runs:/{run_id}/{PARAMETERS_FILE}"))[case]
    return kept
