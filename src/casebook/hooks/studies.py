"""How a launch of a study begins: before any table is read, in the study's one MLflow run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from mlflow import MlflowClient

from casebook.datasets.study import StudyLaunch
from casebook.tracking.left_running import process_tags

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from casebook.data.raw_files import RawFiles


def begin_launch(context: KedroContext, case: str, parameters: dict[str, Any], raw: RawFiles | None) -> None:
    """Create or join the case's study and have kedro-mlflow open its run again.

    Raises:
        UsageError: the study cannot be run as it is described.
    """
    # Optuna is not needed by any other command.
    from casebook.tuning.hyperparameters import SpaceError
    from casebook.tuning.session import begin

    if raw is None:
        raise click.UsageError(f"a study begins with the raw files: run `kedro run --pipeline={case}_study` whole")
    tracking = context.mlflow.tracking  # type: ignore[attr-defined]

    def open_run(name: str) -> str:
        experiment = tracking.experiment._experiment.experiment_id
        return str(MlflowClient().create_run(experiment, run_name=name, tags=process_tags()).info.run_id)

    try:
        session = begin(case, parameters, raw.fingerprint, context.env or "local", open_run)
    except SpaceError as error:
        raise click.UsageError(str(error)) from None
    StudyLaunch.current = session
    tracking.run.id, tracking.run.name = session.run_id, f"study {session.plan.name}"


def tag_winner(parameters: dict[str, Any]) -> dict[str, str]:
    """Tag the run of a study's winner with where it comes from."""
    run_id, _, trial = parameters["study"]["winner_of"].partition(" trial ")
    return {"study.run_id": run_id, "study.trial": trial} if run_id else {}
