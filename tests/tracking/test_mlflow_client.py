"""Names under which MLflow keeps what is called after a user's columns."""

from __future__ import annotations

from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils.validation import _validate_metric_name, _validate_param_name

from casebook.tracking.mlflow_client import log_parameters, write_name


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


def test_another_error_of_the_store_goes_on() -> None:
    run_id = MlflowClient().create_run("0").info.run_id
    log_parameters(run_id, {"pima.seed": 1})
    with pytest.raises(MlflowException, match="Changing param values"):
        log_parameters(run_id, {"pima.seed": 2})
