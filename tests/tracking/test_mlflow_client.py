"""Names under which MLflow keeps what is called after a user's columns."""

from __future__ import annotations

import pytest
from mlflow.utils.validation import _validate_metric_name, _validate_param_name

from casebook.tracking.mlflow_client import write_name


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
