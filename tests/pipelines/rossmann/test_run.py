"""A whole run of the smallest configuration, and its model in use: what is in the store when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient

from casebook.cases.declared import read_declaration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow.entities import Run
    from tests.project import Project

RAW_ROW = [name for name in read_declaration("rossmann").data.columns if name != "Sales"]
METRICS = {"mae", "mse", "rmse", "rmspe", "mape"}
FIGURES = {
    "learning_curves", "permutation_importance", "sales_over_time", "error_by_store_type", "store_classes",
}  # fmt: skip


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    """A project in which the default was run once."""
    made = new_project()
    code, said = made.kedro("run", "--pipeline=rossmann", "--env", "test")
    assert code == 0, said[-5000:]
    return made


@pytest.fixture(scope="module")
def run(project: Project) -> Run:
    client = MlflowClient(project.address)
    experiment = client.get_experiment_by_name("rossmann")
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id])
    return found


@pytest.fixture(scope="module")
def artifacts(project: Project, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's artifacts, fetched as a user of MLflow would."""
    from pathlib import Path

    folder = tmp_path_factory.mktemp("artifacts")
    return Path(MlflowClient(project.address).download_artifacts(run.info.run_id, "", str(folder)))


@pytest.fixture(scope="module")
def champion(project: Project, run: Run) -> Any:  # noqa: ANN401 - a model of MLflow
    """The registered model, loaded as a user of MLflow would."""
    mlflow.set_tracking_uri(project.address)
    model = mlflow.pyfunc.load_model("models:/rossmann@champion")
    assert model.metadata.run_id == run.info.run_id
    return model


def test_the_run_is_finished_and_says_what_it_ran_on(run: Run) -> None:
    assert run.info.status == "FINISHED"
    tags = {name: run.data.tags[name] for name in ("case", "variant", "data.origin")}
    assert tags == {"case": "rossmann", "variant": "default", "data.origin": "sample"}
    assert run.data.params["rossmann.leaks.Customers"] == "drop"


@pytest.mark.parametrize("who", ["test", "baseline", "reference", "fit"])
def test_scores_of_network_baseline_and_reference_stand_side_by_side(run: Run, who: str) -> None:
    found = {name.removeprefix(f"{who}/") for name in run.data.metrics if name.startswith(f"{who}/")}
    # The sample's test part holds too few weeks for an interval.
    assert {name for name in found if not name.startswith("seen_")} == METRICS
    assert np.isfinite([run.data.metrics[f"{who}/{name}"] for name in METRICS]).all()


def test_rows_are_counted_and_the_test_comes_last(project: Project, run: Run) -> None:
    rows = [run.data.metrics[f"data/{part}_rows"] for part in ("train", "validation", "test", "promotion", "unused")]
    assert sum(rows) == 12 * 200
    assert run.data.metrics["data/unmatched_rows"] == 0
    data = project.root / "data"
    part = pd.read_parquet(data / "runs" / "rossmann" / "latest" / "05_model_input" / "split_assignment.parquet")[
        "part"
    ]
    days = pd.read_parquet(data / "runs" / "rossmann" / "latest" / "03_primary" / "joined_rows.parquet")["Date"]
    assert days[part == 1].max() < days[part == 4].min()
    # Of the last 21 days promotion holds two back.
    assert days[part == 4].nunique() == 19


def test_figures_and_parameters_are_artifacts(artifacts: Path) -> None:
    assert {file.stem for file in (artifacts / "figures").rglob("*.png")} >= FIGURES
    merged = yaml.safe_load((artifacts / "config" / "parameters.yml").read_text())
    assert merged["rossmann"]["leaks"] == {"Customers": "drop"}


def test_every_raw_column_of_the_model_is_ranked(project: Project) -> None:
    ranked = pd.read_parquet(
        project.root / "data" / "runs" / "rossmann" / "latest" / "08_reporting" / "importance.parquet"
    )
    assert sorted(ranked["raw_column"]) == sorted(set(RAW_ROW) - {"Customers"})
    assert set(ranked["metric"]) == {"mae"}


def test_the_champion_answers_its_own_example_and_the_days_to_forecast(project: Project, champion: Any) -> None:  # noqa: ANN401
    example = champion.input_example
    assert list(example.columns) == [name for name in RAW_ROW if name != "Customers"]
    assert np.isfinite(champion.predict(example)["prediction"]).all()
    code, said = project.kedro("run", "--pipeline=rossmann_predict", "--env", "test")
    assert code == 0, said[-5000:]
    submission = project.root / "data" / "07_model_output" / "rossmann" / "submission.csv"
    test = pd.read_csv(project.root / "data" / "01_raw" / "rossmann" / "test.csv")
    assert pd.read_csv(submission)["Id"].tolist() == test["Id"].tolist()
