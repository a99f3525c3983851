"""Names under which MLflow keeps what is called after a user's columns."""

from __future__ import annotations

from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils.validation import _validate_metric_name, _validate_param_name

from casebook.tracking.mlflow_client import log_data_inputs, log_parameters, set_tags, write_name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("test/accuracy", "test/accuracy"), ("drift/Total (%)", "drift/Total ___"), ("drift/a//b/", "drift/a/b"),
        ("churn.leaks.What?", "churn.leaks.What_"), ("drift/gr\u00f6\u00dfe", "drift/gr\u00f6\u00dfe"),
    ],
)  # fmt: skip
def test_a_name_is_written_as_mlflow_takes_it_and_stays_where_it_may(name: str, written: str) -> None:
    assert write_name(name) == written
    _validate_metric_name(written)
    _validate_param_name(written)


def test_parameters_that_another_launch_logs_at_the_same_time_are_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = MlflowClient()
    run_id = client.create_run("0").info.run_id
    real, tried = MlflowClient.log_batch, []

    def log_batch(self: MlflowClient, run_id: str, **given: Any) -> None:  # noqa: ANN401
        tried.append(run_id)
        real(self, run_id, **given)
        if len(tried) == 1:
            raise MlflowException("(sqlite3.IntegrityError) UNIQUE constraint failed: params.key, params.run_uuid")

    monkeypatch.setattr(MlflowClient, "log_batch", log_batch)
    log_parameters(run_id, {"pima.seed": 1, "pima.data.tables": "left out"})
    assert (client.get_run(run_id).data.params, len(tried)) == ({"pima.seed": "1"}, 2)


def test_files_that_another_launch_logs_at_the_same_time_are_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = MlflowClient()
    run_id = client.create_run("0").info.run_id
    real, tried = MlflowClient.log_inputs, []

    def log_inputs(self: MlflowClient, run_id: str, datasets: list[Any]) -> None:
        tried.append(run_id)
        real(self, run_id, datasets)
        if len(tried) == 1:
            raise MlflowException("(sqlite3.IntegrityError) UNIQUE constraint failed: datasets.name, datasets.digest")

    monkeypatch.setattr(MlflowClient, "log_inputs", log_inputs)
    log_data_inputs(run_id, {"bank.csv": {"digest": "1f", "source": "data/bank.csv", "profile": "{}"}})
    (found,) = client.get_run(run_id).inputs.dataset_inputs
    assert (found.dataset.name, found.dataset.digest, len(tried)) == ("bank.csv", "1f", 2)


def test_a_tag_that_another_launch_sets_at_the_same_time_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    client = MlflowClient()
    run_id = client.create_run("0").info.run_id
    real, tried = MlflowClient.set_tag, []

    def set_tag(self: MlflowClient, run_id: str, key: str, value: str) -> None:
        tried.append(key)
        if len(tried) == 1:
            raise MlflowException("(sqlite3.IntegrityError) UNIQUE constraint failed: tags.key, tags.run_uuid")
        real(self, run_id, key, value)

    monkeypatch.setattr(MlflowClient, "set_tag", set_tag)
    set_tags(run_id, {"command": "kedro run"})
    assert (client.get_run(run_id).data.tags["command"], tried) == ("kedro run", ["command", "command"])


def test_another_error_of_the_store_goes_on() -> None:
    run_id = MlflowClient().create_run("0").info.run_id
    log_parameters(run_id, {"pima.seed": 1})
    with pytest.raises(MlflowException, match="Changing param values"):
        log_parameters(run_id, {"pima.seed": 2})
