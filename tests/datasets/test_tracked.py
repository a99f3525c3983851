"""Datasets that write to the open MLflow run."""

from __future__ import annotations

import mlflow
import pytest
from kedro.io import DatasetError

from casebook.console import ConsoleMonitor
from casebook.datasets import LoggedModel, RunMetrics, TrainingMonitor


def curve(run_id: str, name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in mlflow.MlflowClient().get_metric_history(run_id, name)]


def test_metrics_are_logged_under_their_own_names() -> None:
    with mlflow.start_run() as run:
        RunMetrics().save({"test/accuracy": 0.5, "data/rows": 3})
    assert mlflow.get_run(run.info.run_id).data.metrics == {"test/accuracy": 0.5, "data/rows": 3.0}


def test_the_monitor_writes_curves_to_the_run_that_was_open_when_it_was_loaded() -> None:
    with mlflow.start_run() as run:
        monitor = TrainingMonitor().load()
    assert isinstance(monitor, ConsoleMonitor)
    monitor.start(2, 1)
    with mlflow.start_run() as another:
        for epoch in (1, 2):
            monitor.epoch(epoch, {"train/loss": 1 / epoch, "val/loss": 2 / epoch})
    monitor.stop()
    assert curve(run.info.run_id, "val/loss") == [(1, 2.0), (2, 1.0)]
    assert curve(another.info.run_id, "val/loss") == []


@pytest.mark.parametrize(
    "use",
    [lambda: RunMetrics().save({"a": 1.0}), lambda: TrainingMonitor().load(), lambda: LoggedModel("redhat").save({})],
)
def test_without_an_open_run_nothing_is_written_and_none_is_opened(use: object) -> None:
    with pytest.raises(DatasetError, match="no MLflow run is open"):
        use()
    assert mlflow.active_run() is None


@pytest.mark.parametrize("dataset", [RunMetrics(), LoggedModel("redhat")])
def test_what_is_in_mlflow_is_not_read_through_the_catalog(dataset: RunMetrics | LoggedModel) -> None:
    with pytest.raises(DatasetError, match="is only written; read it from the MLflow run"):
        dataset.load()
    assert not dataset.exists()


def test_a_monitor_is_only_read() -> None:
    with pytest.raises(DatasetError, match="TrainingMonitor is only read"):
        TrainingMonitor().save(lambda: None)
