"""From a fitted estimator to the champion of a name, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.estimators.frames import SMALL, customers

from casebook import TabularClassifier, TabularRegressor, load_champion
from casebook.model_registry.champion import NoChampionError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def away_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow puts the artifacts of a store that the user named below the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def fitted() -> TabularClassifier:
    frame, left = customers()
    return TabularClassifier(random_state=0, **SMALL).fit(frame, pd.Series(left, name="gone"))


def test_a_logged_estimator_becomes_the_champion_that_answers_raw_rows_with_labels(fitted: TabularClassifier) -> None:
    unseen, left = customers(100, seed=1)
    version = fitted.log_model("churn", X_test=unseen, y_test=left)
    assert set(version.aliases) == {"champion", "challenger"}
    assert version.tags["promotion"] == "champion: the first, fitted on a data frame"
    assert (version.tags["task"], version.tags["target"]) == ("binary", "gone")
    champion = load_champion("churn")
    raw = unseen.drop(columns=["customer_id", "always"])
    answers = champion.predict(raw)
    np.testing.assert_array_equal(answers["class"].astype(str), fitted.predict(unseen))
    np.testing.assert_array_equal(answers["probability"], fitted.predict_proba(unseen)[:, 1])
    pd.testing.assert_frame_equal(champion.predict(pa.Table.from_pandas(raw, preserve_index=False)), answers)
    assert champion.test_scores["accuracy"] == pytest.approx(fitted.score(unseen, left))
    assert (champion.origin, champion.classes) == ("frame", ("left", "stayed"))


def test_its_run_holds_curves_parameters_and_scores(fitted: TabularClassifier) -> None:
    version = fitted.log_model("churn", X_test=customers(50)[0], y_test=customers(50)[1])
    run = mlflow.get_run(version.run_id)
    assert mlflow.get_experiment(run.info.experiment_id).name == "churn"
    assert run.info.status == "FINISHED"
    assert run.data.params["churn.training.epochs"] == "20"
    assert {"case": "churn", "data.origin": "frame", "variant": "TabularClassifier"}.items() <= run.data.tags.items()
    assert {"test/auc", "train/loss", "val/loss"} <= set(run.data.metrics)
    curve = mlflow.MlflowClient().get_metric_history(version.run_id, "val/loss")
    assert [point.value for point in curve] == fitted.history_["val/loss"].tolist()


def test_a_champion_that_is_there_stays_unless_it_is_to_be_replaced(fitted: TabularClassifier) -> None:
    fitted.log_model("churn")
    second = fitted.log_model("churn")
    assert second.aliases == ["challenger"]
    assert second.tags["promotion"] == ("no champion: version 1 is; replace_champion=True lets this one take its place")
    third = fitted.log_model("churn", replace_champion=True)
    assert set(third.aliases) == {"champion", "challenger"}
    assert load_champion("churn").version == "3"


def test_a_regression_answers_numbers() -> None:
    frame, _ = customers()
    model = TabularRegressor(random_state=0, **{**SMALL, "epochs": 1}).fit(frame.drop(columns="paid"), frame["months"])
    model.log_model("months")
    raw = frame.drop(columns=["customer_id", "always", "paid"])
    answers = load_champion("months").predict(raw)
    np.testing.assert_array_equal(answers["prediction"], model.predict(frame.drop(columns="paid")))


def test_a_name_without_a_champion_is_told_with_those_that_have_one(fitted: TabularClassifier) -> None:
    with pytest.raises(NoChampionError, match=r"chrun has no champion in .*; no model has one"):
        load_champion("chrun")
    fitted.log_model("churn")
    with pytest.raises(NoChampionError, match=r"chrun has no champion in .*; these have one: churn"):
        load_champion("chrun")


def test_names_that_no_case_can_have_and_those_of_the_projects_cases_are_refused(fitted: TabularClassifier) -> None:
    with pytest.raises(ValueError, match="'My churn' is no name for a case"):
        fitted.log_model("My churn")
    with pytest.raises(ValueError, match="redhat is a case of this project"):
        fitted.log_model("redhat")


def test_a_run_that_is_open_is_refused(fitted: TabularClassifier) -> None:
    with mlflow.start_run(), pytest.raises(ValueError, match="an MLflow run is open; end it first"):
        fitted.log_model("churn")
