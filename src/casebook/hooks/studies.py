"""Launch of a study: created or joined before any table is read, in the study's one MLflow run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click
from mlflow import MlflowClient

from casebook.datasets.study import StudyLaunch
from casebook.hooks.cluster import open_executor
from casebook.tracking.left_running import process_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kedro.framework.context import KedroContext

    from casebook.data.raw_files import RawFiles

LOGGER = logging.getLogger(__name__)
# So many differences from a winner are listed.
SHOWN = 8


def begin_launch(context: KedroContext, case: str, parameters: dict[str, Any], raw: RawFiles | None) -> None:
    """Create or join the case's study and have kedro-mlflow open its run again.

    Raises:
        UsageError: the study cannot be run as it is described.
    """
    # Optuna is not needed by any other command.
    from casebook.tuning.hyperparameters import SpaceError
    from casebook.tuning.session import open_session

    if raw is None:
        raise click.UsageError(f"a study begins with the raw files: run `kedro run --pipeline={case}_study` whole")
    tracking = context.mlflow.tracking  # type: ignore[attr-defined]

    def open_run(name: str) -> str:
        experiment = tracking.experiment._experiment.experiment_id
        return str(MlflowClient().create_run(experiment, run_name=name, tags=process_tags()).info.run_id)

    try:
        session = open_session(case, parameters, raw.fingerprint, context.env or "local", open_run, open_executor())
    except SpaceError as error:
        raise click.UsageError(str(error)) from None
    StudyLaunch.current = session
    tracking.run.id, tracking.run.name = session.run_id, f"study {session.plan.name}"


def tag_winner(parameters: dict[str, Any], differences: Sequence[str] = ()) -> dict[str, str]:
    """Tag a run with the trial that it is of; where its parameters differ from the trial's, say so instead."""
    run_id, _, trial = parameters["study"]["winner_of"].partition(" trial ")
    if not run_id:
        return {}
    if differences:
        more = f" and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
        shown = "; ".join(differences[:SHOWN])
        LOGGER.warning("this run is not trial %s of the study %s, since %s%s", trial, run_id, shown, more)
        return {}
    return {"study.run_id": run_id, "study.trial": trial}
