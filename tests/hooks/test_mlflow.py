"""Parameters reach MLflow as kedro-mlflow flattens them, in one call a node."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import mlflow
import pytest
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from casebook.hooks.mlflow import BatchedMlflowHook


@pytest.fixture
def hook() -> BatchedMlflowHook:
    hook = BatchedMlflowHook()
    hook.mlflow_config = SimpleNamespace(tracking=SimpleNamespace(run=SimpleNamespace(nested=False)))
    hook.flatten, hook.long_params_strategy = True, "truncate"
    with mlflow.start_run() as run:
        hook.run_id = run.info.run_id
        yield hook


def begin_node(hook: BatchedMlflowHook, **parameters: Any) -> None:  # noqa: ANN401 - as in YAML
    inputs = {"feature_table": object()} | {f"params:{name}": value for name, value in parameters.items()}
    hook.before_node_run(None, None, inputs, False)  # type: ignore[arg-type]


def logged(hook: BatchedMlflowHook) -> dict[str, str]:
    return dict(MlflowClient().get_run(hook.run_id).data.params)


def test_all_parameters_of_a_node_are_logged_in_one_call(
    hook: BatchedMlflowHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = MlflowClient.log_batch
    monkeypatch.setattr(MlflowClient, "log_batch", lambda *a, **k: calls.append(k) or real(*a, **k))
    begin_node(hook, task="binary", training={"epochs": 3, "network": {"hidden": [8, 4]}})
    assert logged(hook) == {"task": "binary", "training.epochs": "3", "training.network.hidden": "[8, 4]"}
    begin_node(hook, task="binary", training={"epochs": 3, "network": {"hidden": [8, 4]}})
    begin_node(hook, task="binary", threshold=0.5)
    assert [[param.key for param in call["params"]] for call in calls] == [
        ["task", "training.epochs", "training.network.hidden"], ["threshold"],
    ]  # fmt: skip


def test_another_run_logs_its_own(hook: BatchedMlflowHook) -> None:
    begin_node(hook, task="binary")
    mlflow.end_run()
    with mlflow.start_run() as run:
        hook.run_id = run.info.run_id
        begin_node(hook, task="binary")
        assert logged(hook) == {"task": "binary"}


def test_a_value_that_another_node_has_otherwise_is_refused(hook: BatchedMlflowHook) -> None:
    begin_node(hook, epochs=3)
    with pytest.raises(MlflowException, match="epochs"):
        begin_node(hook, epochs=4)


def test_more_parameters_than_a_call_takes_and_long_values_arrive(hook: BatchedMlflowHook) -> None:
    begin_node(hook, long="x" * 7000, **{f"p{n}": n for n in range(230)})
    found = logged(hook)
    assert len(found) == 231
    assert found["p229"] == "229"
    assert found["long"] == "x" * 6000


@pytest.mark.parametrize(("told", "goes_on"), [("(sqlite3.IntegrityError) UNIQUE constraint", True), ("gone", False)])
def test_tags_that_another_launch_wrote_at_the_same_time_do_not_end_a_run(
    hook: BatchedMlflowHook, monkeypatch: pytest.MonkeyPatch, told: str, goes_on: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MlflowException(told)

    monkeypatch.setattr(MlflowHook, "before_pipeline_run", fail)
    if goes_on:
        hook.before_pipeline_run({}, None, None)  # type: ignore[arg-type]
        return
    with pytest.raises(MlflowException, match=r"^gone$"):
        hook.before_pipeline_run({}, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("in_use", [False, True])
def test_a_run_is_started_without_importing_notebooks_for_mlflows_question(
    hook: BatchedMlflowHook, monkeypatch: pytest.MonkeyPatch, in_use: bool
) -> None:
    notebook, seen = ModuleType("IPython"), []
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    if in_use:
        monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setattr(MlflowHook, "before_pipeline_run", lambda *_: seen.append(sys.modules["IPython"]))
    hook.before_pipeline_run({}, None, None)  # type: ignore[arg-type]
    assert seen == [notebook if in_use else None]
    assert ("IPython" in sys.modules) is in_use


@pytest.mark.parametrize(
    ("training", "logged_blocks"),
    [
        ({"time_budget": 0.0, "ensemble": {"reference": False}}, set()),
        ({"time_budget": 1.5, "ensemble": {"reference": False}}, {"pima.study.trials"}),
        ({"time_budget": 0.0, "ensemble": {"reference": True}}, {"pima.reference.max_iter"}),
    ],
    ids=str,
)
def test_a_training_logs_study_and_reference_only_where_it_goes_by_them(
    hook: BatchedMlflowHook, training: dict[str, Any], logged_blocks: set[str]
) -> None:
    blocks = {"pima.training": training, "pima.study": {"trials": 7}, "pima.reference": {"max_iter": 9}}
    inputs = {"pima.training_session": object()} | {f"params:{name}": value for name, value in blocks.items()}
    hook.before_node_run(None, None, inputs, False)  # type: ignore[arg-type]
    assert {name for name in logged(hook) if ".training." not in name} == logged_blocks
