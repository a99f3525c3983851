"""Catalog datasets of the pipeline's MLflow run: metrics, curves, callbacks, fold runs and models."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from kedro.io import AbstractDataset, DatasetError
from mlflow.utils.validation import MAX_TAG_VAL_LENGTH

from casebook.tracking.curve_writer import CurveWriter
from casebook.tracking.mlflow_client import (
    child_run,
    log_metrics,
    log_metrics_once,
    log_package,
    set_tags,
)
from casebook.training.checkpoints import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.model_registry.model_package import Package

LOGGER = logging.getLogger(__name__)
LEAK_TAG = "leak_suspects"
# To keep the state of a small network takes an eighth of its epoch; a kill loses these seconds of them, or one epoch.
SECONDS_BETWEEN_STATES = 0.2


def current_run_id() -> str:
    """Return the id of the run that kedro-mlflow opened for this pipeline.

    Raises:
        DatasetError: no run is open.
    """
    run = mlflow.active_run()
    if run is None:
        raise DatasetError("no MLflow run is open; metrics and models are saved by `kedro run` only")
    return str(run.info.run_id)


class RunDataset(AbstractDataset[Any, Any]):
    """Base class of datasets of the MLflow run."""

    def __init__(self, metadata: dict[str, Any] | None = None) -> None:
        """Store the metadata for Kedro-Viz."""
        self.metadata = metadata

    def load(self) -> Any:  # noqa: ANN401 - Kedro's signature
        """Raise DatasetError: a dataset that is only written."""
        raise DatasetError(f"{type(self).__name__} is only written; read it from the MLflow run")

    def save(self, data: Any) -> None:  # noqa: ANN401, ARG002 - Kedro's signature
        """Raise DatasetError: a dataset that is only read."""
        raise DatasetError(f"{type(self).__name__} is only read")

    def _describe(self) -> dict[str, Any]:
        return {}

    def _exists(self) -> bool:
        return False


class RunMetrics(RunDataset):
    """Metrics of the run, named as they are in the dictionary that is saved (`test/accuracy`)."""

    def save(self, data: dict[str, float]) -> None:
        """Log all metrics in one call."""
        log_metrics_once(current_run_id(), data)


class LeakSuspects(RunMetrics):
    """What may be leaks: by column the evidence, said in one line, and the columns in a tag of the run."""

    def save(self, data: dict[str, Any]) -> None:
        """Warn of the suspects, where there are any."""
        fault = data.get("")
        if fault:
            LOGGER.warning("leaks were not looked for: %s", fault)
        elif data:
            LOGGER.warning(
                "%s may be known only after the target: %s; close a leak with role: leak in data.columns, "
                "or say known_at_prediction: true there",
                ", ".join(data), "; ".join(f"{column}: {evidence}" for column, evidence in data.items()),
            )  # fmt: skip
            set_tags(current_run_id(), {LEAK_TAG: ", ".join(data)[:MAX_TAG_VAL_LENGTH]})


class RunCurves(RunDataset):
    """Curves of the run: by metric, a value at each step."""

    def save(self, data: dict[str, Mapping[int, float]]) -> None:
        """Log all points, step by step."""
        for step in sorted({step for points in data.values() for step in points}):
            here = {name: points[step] for name, points in data.items() if step in points}
            log_metrics(current_run_id(), here, step)


class TrainingCallbacks(RunDataset):
    """Read-only: the callbacks of a training: curves in the run, a progress bar on the console, and its checkpoint."""

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the path of the checkpoint, which a training writes between its epochs."""
        super().__init__(metadata)
        self.checkpoint = Path(filepath)

    def load(self) -> Any:  # noqa: ANN401 - a list of casebook.training.callbacks.TrainingCallback
        """Return callbacks bound to this run."""
        from casebook.tracking.console import ProgressBar
        from casebook.training.callbacks import CurveCallback
        from casebook.training.checkpoints import KeptCheckpoint

        run_id = current_run_id()
        curves = CurveWriter(run_id)
        checkpoint = Checkpoint(self.checkpoint, run_id, SECONDS_BETWEEN_STATES)
        return [CurveCallback(curves, finish=curves.close), ProgressBar(), KeptCheckpoint(checkpoint)]


class FoldRuns(RunDataset):
    """Read-only: the fold monitor of cross-validation, a child run and a console line for each fold."""

    def load(self) -> Any:  # noqa: ANN401 - a casebook.tracking.console.ConsoleFolds
        """Return a monitor of folds bound to this run."""
        from casebook.tracking.console import ConsoleFolds

        parent = current_run_id()
        return ConsoleFolds(lambda name, tags: child_run(parent, name, tags), log_metrics)


class ChampionModel(RunDataset):
    """Read-only: the version of the case's registered model that is in use."""

    def __init__(self, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the case, which names the registered model."""
        super().__init__(metadata)
        self._case = case

    def load(self) -> Any:  # noqa: ANN401 - a casebook.model_registry.champion.Champion
        """Load the champion."""
        from casebook.model_registry.champion import load_champion

        return load_champion(self._case)


class LoggedModel(RunDataset):
    """The packaged model, logged to the run under the name `model`."""

    def __init__(self, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the case, whose code is packaged with the model."""
        super().__init__(metadata)
        self._case = case

    def save(self, data: Package) -> None:
        """Log the package; see `model_registry.model_package`."""
        current_run_id()
        log_package(data, self._case)


def log_again(dataset: AbstractDataset[Any, Any], path: str) -> None:
    """Log the file or folder of a dataset that is an artifact, made by an earlier run, to this one; else nothing."""
    if hasattr(dataset, "artifact_path"):
        mlflow.log_artifact(path, dataset.artifact_path)
