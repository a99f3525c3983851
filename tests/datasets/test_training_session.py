"""The trainings within a run: a search is done once, whatever becomes of the run."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import lightgbm
import mlflow
import numpy as np
import pytest
from tests.baselines.settings import reference_parameters

from casebook.background.process import SUBMITTED, Submission
from casebook.datasets import TrainingSessionDataset
from casebook.datasets.training_session import TrainingSession
from casebook.stages import nodes
from casebook.training.cross_validation import Split

if TYPE_CHECKING:
    from pathlib import Path

    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

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


def test_the_reference_is_fitted_once_for_its_scores_and_for_the_ensemble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learnable: tuple[TabularPreprocessor, Arrays, Arrays]
) -> None:
    fits: list[object] = []
    train = lightgbm.train
    monkeypatch.setattr(lightgbm, "train", lambda *given, **named: fits.append(given) or train(*given, **named))
    preprocessor, rows, validation = learnable
    split, reference = Split(rows, validation, preprocessor), reference_parameters().model_dump(mode="json")
    submission = Submission(nodes.fit_reference, [*split, reference], 1)
    monkeypatch.setitem(SUBMITTED, "reference_model", submission)
    trees = TrainingSession("", tmp_path).fit_reference(split, reference)
    _, (own,), *_ = submission.result()
    assert len(fits) == 1
    expected = pickle.loads(own).predict(validation)  # noqa: S301 - made above
    np.testing.assert_array_equal(trees.predict(validation), expected)
    monkeypatch.delitem(SUBMITTED, "reference_model")
    alone = TrainingSession("", tmp_path).fit_reference(split, reference)
    assert len(fits) == 2
    np.testing.assert_array_equal(alone.predict(validation), expected)


def test_what_went_wrong_with_the_reference_is_raised_where_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SUBMITTED, "reference_model", Submission(json.loads, ["{"], 1))
    with pytest.raises(json.JSONDecodeError):
        TrainingSession("", tmp_path).fit_reference(Split({}, {}, None), {})
