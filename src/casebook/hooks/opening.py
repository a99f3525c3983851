"""What is settled before kedro-mlflow opens a run: which store it is kept in, and that it is a run of its own."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow

from casebook.tracking.sqlite_store import (
    SQLITE_PREFIX,
    StoreError,
    explain_read_only,
    open_to_use_models,
)
from casebook.tracking.store_address import refuse_unusable

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

LOGGER = logging.getLogger(__name__)
# Jobs with a trained model that need no store to write to.
READING_JOBS = ("predict", "monitor")
# What MLflow takes for the run or the experiment to go on with.
OTHER_RUN_VARIABLES = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME")


def forget_other_runs() -> None:
    """Drop what the environment says of a run or an experiment: each run is one of its own, in its case's experiment.

    MLflow would go on with that run, or refuse to begin another.
    """
    # MLflow itself names the experiment of an earlier run of this process.
    own = str(getattr(mlflow.tracking.fluent, "_active_experiment_id", None))
    for name in OTHER_RUN_VARIABLES:
        value = os.environ.pop(name, "")
        if value and value != own:
            LOGGER.warning("%s=%s is not heeded: each run is one of its own, in its case's experiment", name, value)


def choose_store(context: KedroContext) -> tuple[str, str]:
    """Make sure of the configured store and tell kedro-mlflow which one to use.

    Returns:
        Its address, and that of the store that is used: a copy where the first can only be read.

    Raises:
        StoreError: there is none, and none can be made, or no server answers.
    """
    settings = context.config_loader["mlflow"]
    address: str = settings["server"]["mlflow_tracking_uri"]
    refuse_unusable(address)
    used = open_to_use_models(address)
    settings["server"]["mlflow_tracking_uri"] = used
    context.config_loader["mlflow"] = settings
    return address, used


def refuse_read_only(address: str, used: str, job: str) -> None:
    """Refuse to train where no run can be kept; say so of what only uses models.

    Args:
        address: of the configured store.
        used: address of the store that is used.
        job: what the pipeline does with a trained model, see `tracking.JOBS`.

    Raises:
        StoreError: the store can only be read.
    """
    if used == address:
        return
    file = Path(address.removeprefix(SQLITE_PREFIX))
    if job not in READING_JOBS:
        raise StoreError(explain_read_only(file))
    LOGGER.warning("%s can only be read: the models in it are used, and this run is not kept", file)
