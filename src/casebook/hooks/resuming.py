"""Going on with a run that was broken off in or after its training."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click
import mlflow

from casebook.config.schema import EXECUTION_OPTIONS, USES
from casebook.config.tree import differ
from casebook.run_folders.finding import resumable_runs, tabulate_resumable
from casebook.run_folders.folder import FINISHED, RunFolder
from casebook.tracking.run_artifacts import look_up_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

    from casebook.run_folders.folder import RunFacts

LOGGER = logging.getLogger(__name__)


def find_broken_off(case: str, wanted: bool | str) -> tuple[RunFolder, RunFacts] | None:
    """Find the run to go on with.

    Args:
        case: its name.
        wanted: a run's id, or true for the newest.

    Returns:
        Its folder, or nothing when no run was broken off: that is said, and a new run begins.

    Raises:
        UsageError: the run cannot be resumed; the message lists those that can.
    """
    runs = resumable_runs(case)
    if isinstance(wanted, str):
        found = next((run for run in runs if run[0].run_id == wanted), None)
        if found is None:
            raise click.UsageError(f"{case}.resume: {_why_not(case, wanted)}; {_list_others(case, runs)}")
        return found
    if not runs:
        LOGGER.warning("%s.resume: no training was broken off, so there is nothing to resume; a new run begins", case)
        return None
    if len(runs) > 1:
        LOGGER.warning("%s.resume: the newest of these goes on:\n%s", case, tabulate_resumable(runs))
    return runs[0]


def _why_not(case: str, run_id: str) -> str:
    facts = RunFolder(case, run_id).read()
    if facts is None:
        return f"there is no folder of run {run_id}"
    if facts.state == FINISHED:
        return f"run {run_id} has finished"
    if facts.live:
        return f"run {run_id} is running"
    return f"run {run_id} was broken off before its first epoch was kept"


def _list_others(case: str, runs: list[tuple[RunFolder, RunFacts]]) -> str:
    return f"these can be resumed:\n{tabulate_resumable(runs)}" if runs else f"no run of {case} can be resumed"


def check_resumable(folder: RunFolder, facts: RunFacts, parameters: Mapping[str, Any], fingerprint: str | None) -> Run:
    """Check that a run can go on as this command would have it, and end its folds that were open.

    Args:
        folder: of the run.
        facts: what is known of it.
        parameters: the case's merged parameters, now.
        fingerprint: of the raw files, now; none where this command reads none.

    Returns:
        The run.

    Raises:
        UsageError: the run is not in this store, or its parameters or raw files were others.
        StoreError: the store cannot be asked.
    """
    case, run_id = folder.case, folder.run_id
    run = look_up_run(run_id)
    if run is None:
        raise click.UsageError(
            f"{case}.resume: {folder.checkpoint} is of run {run_id}, which {mlflow.get_tracking_uri()} does not hold; "
            f"name its store in MLFLOW_TRACKING_URI, or leave out {case}.resume"
        )
    refuse_differences(case, facts.parameters, parameters)
    if fingerprint is not None and fingerprint != facts.fingerprint:
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
    """Refuse other parameters than those of the run to be resumed, by their dotted keys; no training goes by uses."""
    earlier, present = (
        {name: value for name, value in what_counts(tree).items() if name not in USES} for tree in (before, now)
    )
    told = [f"{case}.{key} is {new} and was {old}" for key, old, new in differ(earlier, present)]
    if told:
        raise click.UsageError(
            f"{case}.resume: {'; '.join(told)}. A run goes on with the parameters that it began with: give those, "
            f"or leave out {case}.resume"
        )
