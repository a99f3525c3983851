"""Datasets that write to the open MLflow run."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest
from kedro.io import DatasetError
from rich.console import Console

from casebook.datasets import FoldRuns, LoggedModel, RunMetrics, TrainingCallbacks
from casebook.tracking import console, mlflow_client
from casebook.tracking.console import ProgressBar
from casebook.tracking.mlflow_client import child_run
from casebook.training.callbacks import CurveCallback
from casebook.training.checkpoints import KeptCheckpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run


def curve(run_id: str, name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in mlflow.MlflowClient().get_metric_history(run_id, name)]


def test_metrics_are_logged_under_their_own_names() -> None:
    with mlflow.start_run() as run:
        RunMetrics().save({"test/accuracy": 0.5, "data/rows": 3})
    assert mlflow.get_run(run.info.run_id).data.metrics == {"test/accuracy": 0.5, "data/rows": 3.0}


def load_curves(path: str = "checkpoint.bin") -> CurveCallback:
    return TrainingCallbacks(path).load()[0]


def test_the_callbacks_write_curves_to_the_run_that_was_open_when_they_were_loaded() -> None:
    with mlflow.start_run() as run:
        curves, bar, checkpoint = TrainingCallbacks("models/checkpoint.bin").load()
    assert [type(callback) for callback in (curves, bar, checkpoint)] == [
        CurveCallback, ProgressBar, KeptCheckpoint,
    ]  # fmt: skip
    file = checkpoint.checkpoint
    assert (file.path, file.owner) == (Path("models/checkpoint.bin"), run.info.run_id)
    with mlflow.start_run() as another:
        for epoch in (1, 2):
            curves.on_epoch_end(epoch - 1, {"loss": 1 / epoch, "val_loss": 2 / epoch})
    curves.close()
    assert curve(run.info.run_id, "val/loss") == [(1, 2.0), (2, 1.0)]
    assert curve(another.info.run_id, "val/loss") == []


def test_points_that_are_no_finite_numbers_are_left_out_and_told_in_a_tag() -> None:
    """Infinity would stand in MLflow as 1.8e308."""
    with mlflow.start_run() as run:
        curves = load_curves()
        curves.on_epoch_end(0, {"loss": 0.5, "val_auc": math.nan})
        curves.on_epoch_end(1, {"loss": math.inf, "val_auc": math.nan})
        curves.close()
        mlflow_client.log_metrics(run.info.run_id, {"val/loss": 0.25, "val/mae": -math.inf}, step=3)
    found = mlflow.get_run(run.info.run_id)
    assert found.data.metrics == {"train/loss": 0.5, "val/loss": 0.25}
    assert found.data.tags["not_finite"] == "val/mae is -inf in epoch 3: training diverges"
    assert curve(run.info.run_id, "train/loss") == [(1, 0.5)]


def test_points_and_values_that_a_run_holds_already_stay_single() -> None:
    with mlflow.start_run() as run:
        for _ in range(2):
            curves = load_curves()
            for epoch in (1, 2):
                curves.on_epoch_end(epoch - 1, {"loss": 1 / epoch})
            curves.close()
        curves.on_epoch_end(2, {"loss": 0.25, "val_loss": 0.5})
        curves.close()
        for rows in (3, 3, 4):
            RunMetrics().save({"data/rows": rows, "data/features": 2})
    run_id = run.info.run_id
    assert curve(run_id, "train/loss") == [(1, 1.0), (2, 0.5), (3, 0.25)]
    assert curve(run_id, "val/loss") == [(3, 0.5)]
    assert curve(run_id, "data/rows") == [(0, 3.0), (0, 4.0)]
    assert curve(run_id, "data/features") == [(0, 2.0)]


def test_short_epochs_are_written_together_and_all_are_there_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(mlflow_client.time, "time", lambda: clock[0])
    with mlflow.start_run() as run:
        curves = load_curves()
        seen = []
        for epoch in range(1, 41):
            clock[0] += 0.1
            curves.on_epoch_end(epoch - 1, {"loss": float(epoch)})
            seen.append(len(curve(run.info.run_id, "train/loss")))
        curves.close()
    assert seen[0] == 1
    assert len(set(seen)) <= 5
    # No point waits for more than a second.
    assert all(there >= epoch - 10 for epoch, there in enumerate(seen, start=1))
    assert curve(run.info.run_id, "train/loss") == [(epoch, float(epoch)) for epoch in range(1, 41)]


@pytest.mark.parametrize(
    "use",
    [
        lambda: RunMetrics().save({"a": 1.0}),
        lambda: TrainingCallbacks("").load(),
        lambda: LoggedModel("redhat").save({}),
    ],
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


def test_the_callbacks_are_only_read() -> None:
    with pytest.raises(DatasetError, match="TrainingCallbacks is only read"):
        TrainingCallbacks("").save(lambda: None)


@pytest.fixture
def parent() -> Iterator[str]:
    with mlflow.start_run(experiment_id=mlflow.create_experiment("pima")) as run:
        yield run.info.run_id


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the console shows."""
    paper = io.StringIO()
    monkeypatch.setattr(console, "Console", lambda: Console(file=paper, width=160))
    return paper


def children_of(run_id: str) -> list[Run]:
    experiment = mlflow.get_run(run_id).info.experiment_id
    return mlflow.MlflowClient().search_runs(
        [experiment], f"tags.`mlflow.parentRunId` = '{run_id}'", order_by=["attributes.run_name"]
    )


def test_each_fold_is_a_finished_child_run_with_its_curves_and_scores(parent: str, told: io.StringIO) -> None:
    monitor = FoldRuns().load()
    for fold in (1, 2):
        with monitor.fold(f"fold {fold}", {"repeat": "1", "fold": str(fold)}) as (curves,):
            for epoch in (1, 2):
                curves.on_epoch_end(epoch - 1, {"loss": fold / epoch})
            curves.close()
            monitor.scores({"accuracy": 0.5 * fold, "baseline_accuracy": 0.25})
    children = children_of(parent)
    assert [(run.info.run_name, run.info.status) for run in children] == [
        ("fold 1", "FINISHED"), ("fold 2", "FINISHED"),
    ]  # fmt: skip
    assert [(run.data.tags["repeat"], run.data.tags["fold"]) for run in children] == [("1", "1"), ("1", "2")]
    assert all(run.info.end_time is not None for run in children)
    assert curve(children[1].info.run_id, "train/loss") == [(1, 2.0), (2, 1.0)]
    scores = {name: value for name, value in children[1].data.metrics.items() if name.startswith("test/")}
    assert scores == {"test/accuracy": 1.0, "test/baseline_accuracy": 0.25}
    assert mlflow.active_run().info.run_id == parent
    assert mlflow.get_run(parent).data.metrics == {}
    assert [line.split() for line in told.getvalue().splitlines()] == [
        ["fold", "1", "accuracy", "0.5000"], ["fold", "2", "accuracy", "1.0000"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status", "tag"),
    [(ValueError("no rows"), "FAILED", "ValueError: no rows"), (KeyboardInterrupt(), "KILLED", None)],
)
def test_a_fold_that_breaks_off_says_so_and_lets_the_error_go_on(
    parent: str, told: io.StringIO, error: BaseException, status: str, tag: str | None
) -> None:
    monitor = FoldRuns().load()
    with pytest.raises(type(error)), monitor.fold("fold 1", {}):
        raise error
    (child,) = children_of(parent)
    assert (child.info.status, child.data.tags.get("error")) == (status, tag)
    assert mlflow.get_run(parent).info.status == "RUNNING"
    assert told.getvalue() == ""


def test_a_child_run_lies_in_the_experiment_of_its_parent_and_never_is_the_active_one(parent: str) -> None:
    with child_run(parent, "trial 3", {"trial": "3"}) as run_id:
        assert mlflow.active_run().info.run_id == parent
        assert mlflow.get_run(run_id).info.status == "RUNNING"
    found = mlflow.get_run(run_id)
    assert found.info.status == "FINISHED"
    assert found.info.experiment_id == mlflow.get_run(parent).info.experiment_id
    assert {found.data.tags[name] for name in ("trial", "mlflow.parentRunId")} == {"3", parent}


def test_folds_are_only_read_and_only_within_a_run() -> None:
    with pytest.raises(DatasetError, match="no MLflow run is open"):
        FoldRuns().load()
    with pytest.raises(DatasetError, match="FoldRuns is only read"):
        FoldRuns().save([])
