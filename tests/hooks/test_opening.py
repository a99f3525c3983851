"""Which store a run is kept in, and what the environment says of other runs."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import mlflow
import pytest

from casebook.hooks.opening import choose_store, forget_other_runs, refuse_read_only
from casebook.tracking.sqlite_store import StoreError

if TYPE_CHECKING:
    from pathlib import Path

STORE, COPY = "sqlite:////there/mlflow.db", "sqlite:////tmp/copy/mlflow.db"


def test_a_run_that_the_environment_names_is_not_heeded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.setenv(name, "left over")
    forget_other_runs()
    assert not {"MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"} & os.environ.keys()
    assert caplog.messages[0] == (
        "MLFLOW_RUN_ID=left over is not heeded: each run is one of its own, in its case's experiment"
    )
    assert len(caplog.messages) == 3
    mlflow.set_experiment("own")
    caplog.clear()
    forget_other_runs()
    assert not caplog.messages


@pytest.mark.parametrize("job", ["predict", "monitor"])
def test_the_models_of_a_store_that_can_only_be_read_are_used(job: str, caplog: pytest.LogCaptureFixture) -> None:
    refuse_read_only(STORE, COPY, job)
    assert caplog.messages == ["/there/mlflow.db can only be read: the models in it are used, and this run is not kept"]


@pytest.mark.parametrize("job", ["", "update"])
def test_a_training_is_refused_by_a_store_that_can_only_be_read(job: str) -> None:
    with pytest.raises(StoreError, match=r"/there/mlflow\.db lies where nothing can be written: copy the project to"):
        refuse_read_only(STORE, COPY, job)
    refuse_read_only(STORE, STORE, job)


def test_kedro_mlflow_uses_the_copy_of_a_store_that_can_only_be_read(
    empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casebook.tracking.sqlite_store.is_writable", lambda _file: False)
    address = f"sqlite:///{empty_store}"
    loader = {"mlflow": {"server": {"mlflow_tracking_uri": address}}}
    chosen, used = choose_store(SimpleNamespace(config_loader=loader))
    assert chosen == address
    assert used == loader["mlflow"]["server"]["mlflow_tracking_uri"] != address
    monkeypatch.undo()
    assert choose_store(SimpleNamespace(config_loader={"mlflow": {"server": {"mlflow_tracking_uri": address}}})) == (
        address,
        address,
    )
