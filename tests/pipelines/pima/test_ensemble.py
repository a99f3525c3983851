"""A run with the preset `best`: a search, and an ensemble with the reference, one model as any, on the leaderboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from casebook.cli.program import program
from casebook.evaluation.prediction import predict
from casebook.inference.row_model import RowModel
from casebook.models.network_ensemble import list_networks, list_weights
from casebook.models.networks import load_network, make_predictor

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.entities import Run
    from tests.project import Project

# One trial, whatever the machine is doing, and two networks beside the reference's trees.
BEST = "pima.training.preset=best,pima.training.time_budget=0.001,pima.training.ensemble.networks=2"


@pytest.fixture(scope="module")
def best(new_project: Callable[[], Project]) -> tuple[Project, str]:
    """A project with one such run -> it and what was said."""
    project = new_project()
    code, said = project.kedro("run", "--pipelines=pima", "--env", "test", "--params", BEST)
    assert code == 0, said[-3000:]
    return project, said


def find_runs(project: Project) -> dict[str, Run]:
    """Find the runs by name, the run itself under `run`."""
    experiment = project.client.get_experiment_by_name("pima")
    assert experiment is not None
    runs = project.client.search_runs([experiment.experiment_id])
    return {run.info.run_name if "mlflow.parentRunId" in run.data.tags else "run": run for run in runs}


def test_the_run_says_what_the_preset_came_to_and_what_each_network_reaches(best: tuple[Project, str]) -> None:
    project, said = best
    runs = find_runs(project)
    run, metrics = runs["run"], runs["run"].data.metrics
    assert run.data.params["pima.training.preset"] == "best"
    assert run.data.params["pima.training.ensemble.networks"] == "2"
    assert run.data.tags["preset"].startswith("best: ")
    assert run.data.tags["search.best"] == "the settings as they were"
    assert (metrics["search/trials"], metrics["search/best"], metrics["search/gain"]) == (1, 0, 0)
    assert run.data.params["pima.training.ensemble.reference"] == "True"
    assert run.data.params["pima.reference.max_iter"] == "10"
    members = ("network_1", "network_2", "boosted_trees")
    assert sum(metrics[f"{member}/weight"] for member in members) == pytest.approx(1)
    alone = sorted(metrics[f"network_{number}/log_loss"] for number in (1, 2))
    # The log loss is convex: the mean of two networks is no worse than the worse of them.
    assert metrics["test/log_loss"] <= max(alone[1], metrics["reference/log_loss"])
    # The trees of the ensemble are those that stand beside it.
    for name in ("log_loss", "accuracy", "auc"):
        assert metrics[f"boosted_trees/{name}"] == pytest.approx(metrics[f"reference/{name}"], rel=1e-6)
    assert "2 and boosted trees averaged, weights" in said
    assert "**Networks**: 2 and boosted trees averaged, weights" in run.data.tags["mlflow.note.content"]
    assert "1 trials in" in said
    assert "one network" in said


def test_each_further_training_has_a_run_with_curves_of_its_own(best: tuple[Project, str]) -> None:
    runs = find_runs(best[0])
    assert runs.keys() == {"run", "trial 0", "network 2"}
    for name in ("trial 0", "network 2"):
        assert runs[name].info.status == "FINISHED"
        assert {"val/loss", "train/loss", "kept/val/loss"} <= runs[name].data.metrics.keys()
    # The trial and the first network are of the same seed and settings.
    assert runs["trial 0"].data.metrics["val/loss"] == runs["run"].data.metrics["val/loss"]
    assert runs["network 2"].data.metrics["val/loss"] != runs["run"].data.metrics["val/loss"]


def test_the_ensemble_is_one_model_of_raw_rows_and_the_cases_champion(
    best: tuple[Project, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = best
    run = find_runs(project)["run"]
    store = f"sqlite:///{project.root / 'mlruns' / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    mlflow.set_tracking_uri(store)
    assert project.client.get_model_version_by_alias("pima", "champion").run_id == run.info.run_id
    model = mlflow.pyfunc.load_model("models:/pima@champion")
    folder = project.root / "data" / "runs" / "pima" / run.info.run_id
    predictions = pd.read_parquet(folder / "07_model_output" / "test_predictions.parquet")
    rows = pd.read_parquet(folder / "03_primary" / "joined_rows.parquet")
    places = pd.read_parquet(folder / "07_model_output" / "test_keys.parquet")["row"]
    rows = rows.iloc[places].drop(columns="diabetes")
    np.testing.assert_allclose(model.predict(rows)["probability"], predictions["probability"], rtol=1e-5)
    # The weighted mean of networks and trees, by NumPy as by Keras.
    (package,) = (project.root / "mlruns").rglob("network.keras")
    assert (package.parent / "network.json").is_file()
    network, reopened = load_network(package), RowModel.load(package.parent)
    arrays = reopened.preprocessor.prepare(reopened.engineer_features(rows))
    members = np.stack([predict(member, arrays) for member in list_networks(network)])
    trees = pd.read_parquet(folder / "07_model_output" / "reference_predictions.parquet")["probability"]
    np.testing.assert_allclose(members[2], trees, rtol=1e-6)
    expected = np.average(members, axis=0, weights=list_weights(network))
    np.testing.assert_allclose(predictions["probability"], expected, rtol=1e-5)
    np.testing.assert_allclose(make_predictor(network)(arrays), expected, rtol=1e-5)


def test_the_leaderboard_of_the_project_has_it(best: tuple[Project, str], monkeypatch: pytest.MonkeyPatch) -> None:
    project, _ = best
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project.root / 'mlruns' / 'mlflow.db'}")
    done = CliRunner().invoke(program, ["leaderboard", "pima"])
    assert done.exit_code == 0, done.output
    assert find_runs(project)["run"].info.run_id[:6] in done.output
    assert "reference" in done.output
