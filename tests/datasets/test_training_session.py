"""The trainings within a run: a search is done once, whatever becomes of the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import mlflow

from casebook.datasets import TrainingSessionDataset

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TRAINING = {"epochs": 5, "optimizer": {"name": "adam", "learning_rate": 0.1}}


def test_a_search_is_logged_and_a_resumed_run_takes_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def search(*given: object) -> tuple[dict[str, Any], dict[str, float]]:
        asked.append(given)
        return {"optimizer.learning_rate": 0.01}, {"search/trials": 7.0}

    monkeypatch.setattr("casebook.tuning.short_search.search_training", search)
    file = tmp_path / "search.json"
    expected = {"epochs": 5, "optimizer": {"name": "adam", "learning_rate": 0.01}}
    with mlflow.start_run() as run:
        session = TrainingSessionDataset(str(file)).load()
        assert session.search("split", TRAINING, {"space": {}}) == expected
        again = TrainingSessionDataset(str(file)).load()
        assert again.search("split", TRAINING, {"space": {}}) == expected
    assert asked == [("split", TRAINING, {"space": {}}, session)]
    assert json.loads(file.read_text()) == {"optimizer.learning_rate": 0.01}
    found = mlflow.get_run(run.info.run_id).data
    assert found.metrics == {"search/trials": 7.0}
    assert found.tags["search.best"] == "optimizer.learning_rate=0.01"


def test_a_further_network_has_a_child_run(tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        session = TrainingSessionDataset(str(tmp_path / "search.json")).load()
        with session.network("network 2", {"seed": "2"}):
            session.kept({"val/loss": 0.5})
    (child,) = mlflow.MlflowClient().search_runs(["0"], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert (child.info.run_name, child.info.status) == ("network 2", "FINISHED")
    assert child.data.metrics == {"kept/val/loss": 0.5}
