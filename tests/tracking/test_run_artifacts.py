"""What a run left in MLflow: nothing is told from a store that cannot be asked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE

from casebook.hooks.resuming import check_resumable
from casebook.model_registry.champion import PROFILE, Champion
from casebook.run_folders.folder import RunFacts, RunFolder
from casebook.tracking.run_artifacts import load_dict, load_text, look_up_run
from casebook.tracking.run_reports import load_intervals
from casebook.tracking.sqlite_store import StoreError

GONE = "f" * 32


@pytest.fixture
def run_id() -> str:
    with mlflow.start_run() as run:
        mlflow.log_dict({"typical": {"a": 1}}, PROFILE)
        mlflow.log_text("a,b", "study/leaderboard.csv")
        mlflow.log_metrics({"test/auc": 0.9, "baseline/auc": 0.5})
    return str(run.info.run_id)


def champion_of(run_id: str) -> Champion:
    return Champion("pima", "1", run_id, {"test/auc": "0.9"}, SimpleNamespace(), Path())


def break_store(monkeypatch: pytest.MonkeyPatch, what: str, error: Exception) -> None:
    def refuse(*_values: object, **_named: object) -> object:
        raise error

    monkeypatch.setattr(what, refuse)


def test_what_is_there_is_loaded_and_what_is_not_is_none(run_id: str) -> None:
    assert load_dict(run_id, PROFILE) == {"typical": {"a": 1}}
    assert load_text(run_id, "study/leaderboard.csv") == "a,b"
    assert [load_dict(run_id, "other.json"), load_text(run_id, "study/other.csv"), load_text(run_id, "no/a")] == [
        None
    ] * 3
    assert [look_up_run(GONE), load_dict(GONE, PROFILE), look_up_run("")] == [None] * 3


def test_a_champion_whose_run_is_gone_has_no_profile_and_the_scores_of_its_version(run_id: str) -> None:
    assert champion_of(run_id).profile == {"typical": {"a": 1}}
    assert champion_of(run_id).scores["baseline"] == {"auc": 0.5}
    assert champion_of(GONE).profile == {}
    assert champion_of(GONE).scores == {"test": {"auc": 0.9}, "baseline": {}, "reference": {}}


@pytest.mark.parametrize("attribute", ["profile", "scores"])
def test_a_champion_whose_store_cannot_be_asked_says_which(
    run_id: str, attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_store(monkeypatch, "mlflow.get_run", MlflowException("the server\nis away", TEMPORARILY_UNAVAILABLE))
    with pytest.raises(StoreError) as told:
        getattr(champion_of(run_id), attribute)
    assert str(told.value.message).startswith(
        f"the store {mlflow.get_tracking_uri()} cannot be asked for run {run_id} (MlflowException: the server is away)"
    )


@pytest.mark.parametrize(
    "error", [MlflowException("403", INTERNAL_ERROR), ModuleNotFoundError("No module named 'boto3'")]
)
def test_files_that_cannot_be_listed_or_read_are_not_taken_for_none(
    run_id: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_store(monkeypatch, "mlflow.artifacts.load_dict", error)
    with pytest.raises(StoreError, match="cannot be asked for run"):
        champion_of(run_id).profile  # noqa: B018 - it is read
    break_store(monkeypatch, "casebook.tracking.run_artifacts.MlflowClient.list_artifacts", error)
    with pytest.raises(StoreError, match=str(error)):
        load_intervals(run_id)


def test_a_run_to_resume_is_missing_only_where_the_store_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    break_store(monkeypatch, "mlflow.get_run", MlflowException("the disk", INTERNAL_ERROR))
    with pytest.raises(StoreError, match="the disk"):
        check_resumable(RunFolder("pima", GONE), RunFacts("training", {}), {}, None)
