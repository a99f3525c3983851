"""How good the default variant is: near the best that its sample allows, and above a linear model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.declared_fixtures import name_blocks

from casebook.cases.registry import load_case
from casebook.config.resolve import resolve_parameters
from casebook.datasets import DeclaredTable
from casebook.preprocessing.tabular import expand_dense
from casebook.synthetic_data.redhat import best_reachable, generate_sample, write_sample

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from mlflow.entities import Run
    from tests.declared_fixtures import Ingest
    from tests.project import Project

PARAMETERS = Path(__file__).parents[3] / "conf" / "base" / "redhat" / "parameters.yml"
WANTED = ("test_predictions", "train_arrays", "test_arrays", "preprocessor")


class Kept(MemoryDataset):
    """Keeps its data when the runner lets go of it."""

    def _release(self) -> None:
        pass


def run_default(raw_activities: pd.DataFrame, raw_people: pd.DataFrame) -> dict[str, Any]:
    """Run the case's own graph with the default parameters as far as the predictions, all in memory."""
    parameters = resolve_parameters(yaml.safe_load(PARAMETERS.read_text()), {})["redhat"]
    given = {
        "raw_activities": raw_activities,
        "raw_people": raw_people,
        "training_callbacks": [],
        "training_session": [],
    }
    catalog = DataCatalog(
        {f"redhat.{name}": MemoryDataset(value, copy_mode="assign") for name, value in given.items()}
        | {f"params:redhat.{name}": MemoryDataset(value) for name, value in name_blocks(parameters)}
        | {f"redhat.{name}": Kept(copy_mode="assign") for name in (*WANTED, "network")}
    )
    pipeline = load_case("redhat").create_pipeline().to_outputs("redhat.test_predictions")
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(f"redhat.{name}") for name in WANTED}


def read_tables(folder: Path) -> list[pd.DataFrame]:
    """Read both files as the declaration says."""
    files = {"activities": "act_train.csv", "people": "people.csv"}
    return [DeclaredTable("redhat", table, str(folder / file)).load() for table, file in files.items()]


def accuracy(predictions: pd.DataFrame) -> float:
    return float(((predictions["probability"] >= 0.5) == predictions["actual"]).mean())


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, float]]:
    """The default variant on a sample of 4,000 people -> what came out, and the best reachable accuracies.

    More rows make it easier to come near, and take longer.
    """
    folder = tmp_path_factory.mktemp("sample")
    made = generate_sample(4_000, 40_000, seed=1)
    write_sample(made, folder)
    return run_default(*read_tables(folder)), best_reachable(made)["person"]


def test_the_default_comes_within_two_points_of_the_best_reachable_accuracy(
    sample: tuple[dict[str, Any], dict[str, float]],
) -> None:
    found, best = sample
    assert accuracy(found["test_predictions"]) >= best["accuracy"] - 0.02


def test_the_default_is_two_points_above_a_logistic_regression_on_the_dense_features(
    sample: tuple[dict[str, Any], dict[str, float]],
) -> None:
    from sklearn.linear_model import LogisticRegression

    found, _ = sample
    train, test = (expand_dense(found[name], found["preprocessor"]) for name in ("train_arrays", "test_arrays"))
    linear = LogisticRegression(max_iter=200).fit(train, found["train_arrays"]["target"])
    reference = float((linear.predict(test) == found["test_arrays"]["target"]).mean())
    assert reference > 0.6
    assert accuracy(found["test_predictions"]) >= reference + 0.02


@pytest.fixture(scope="module")
def real_run(new_project: Callable[[], Project], real_raw: Path) -> Run:
    """The default variant on the real files, from the command line."""
    project = new_project()
    code, said = project.kedro("run", "--pipeline=redhat", CASEBOOK_RAW=str(real_raw))
    assert code == 0, said[-5000:]
    assert not (project.root / "data" / "01_raw").exists()
    return project.runs()[0]


@pytest.mark.real
def test_all_real_activities_have_a_known_person(real_run: Run) -> None:
    metrics = real_run.data.metrics
    parts = ("train", "validation", "test", "promotion")
    assert sum(metrics[f"data/{part}_rows"] for part in parts) == 26_943
    assert metrics["data/unmatched_rows"] == 0
    assert real_run.data.tags["data.origin"] == "files"
    assert "best_reachable/accuracy" not in metrics


@pytest.mark.real
def test_the_default_on_real_files_beats_the_majority_by_a_quarter(
    real_run: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics = real_run.data.metrics
    told = [
        f"{name} {metrics[name]:.4f}" for name in ("test/accuracy", "test/auc", "baseline/accuracy", "reference/auc")
    ]
    with capsys.disabled():
        sys.stdout.write(f"\nreal files: {', '.join(told)}\n")
    assert metrics["test/accuracy"] >= metrics["baseline/accuracy"] + 0.25


@pytest.mark.real
def test_the_real_files_hold_the_joined_rows_and_columns_that_are_known_of_them(ingest: Ingest, real_raw: Path) -> None:
    joined, _ = ingest("redhat", *read_tables(real_raw / "redhat"))
    assert joined.shape == (26_943, 15 + 40)
    assert np.array_equal(joined["char_10"].isna(), joined["activity_category"] == "type 1")
