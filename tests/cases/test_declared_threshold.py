"""A declared case whose threshold is chosen on validation rows: one number everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.cases.toy_case import run_declared

from casebook.evaluation.metrics import find_metric
from casebook.evaluation.prediction import predict
from casebook.evaluation.thresholds import ThresholdRule
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import write_package
from casebook.tracking.mlflow_client import describe_rows

if TYPE_CHECKING:
    from pathlib import Path

WANTED = ("threshold", "reference_threshold", "test_predictions", "reference_predictions", "test_metrics",
          "fit_metrics", "test_head", "model", "network", "validation_arrays", "train_arrays", "figure_tables",
          "joined_rows", "fold_scores")  # fmt: skip
TREE: dict[str, Any] = {
    "task": "binary",
    "target": "churn",
    "data": {"columns": {"churn": {"type": "category", "classes": ["stays", "leaves"]}}},
    "training": {"epochs": 12, "batch_size": 32, "network": {"ensemble_size": 1, "hidden": [8]}},
    "reference": {"max_iter": 20},
    "evaluation": {"threshold": "f1", "importance_repeats": 1},
    "folds": {"count": 2},
}


def make_rows(count: int = 900) -> pd.DataFrame:
    """Make rows of which a tenth leaves, for two reasons."""
    rng = np.random.default_rng(3)
    tenure, calls = rng.normal(size=count).round(3), rng.poisson(2, count)
    leaves = rng.random(count) < 1 / (1 + np.exp(3.5 + 1.5 * tenure - 0.5 * calls))
    return pd.DataFrame({"tenure": tenure, "calls": calls, "churn": np.where(leaves, "leaves", "stays")})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_declared(tmp_path_factory.mktemp("raw"), "calls", TREE, make_rows(), WANTED)


def test_it_is_the_best_on_the_validation_rows_and_not_on_the_test_rows(made: dict[str, Any]) -> None:
    validation = made["validation_arrays"]
    probability = predict(made["network"], validation)
    assert made["threshold"] == ThresholdRule("f1").choose(validation["target"], probability)
    own = made["test_predictions"]
    assert made["threshold"] != ThresholdRule("f1").choose(own["actual"].to_numpy(), own["probability"].to_numpy())
    assert made["threshold"] < 0.45


def test_scores_figures_and_head_use_it_and_the_reference_has_its_own(made: dict[str, Any]) -> None:
    scores, own = made["test_metrics"], made["test_predictions"]
    actual, f1 = own["actual"].to_numpy(), find_metric("f1")
    assert scores["evaluation/threshold"] == made["threshold"]
    assert scores["evaluation/reference_threshold"] == made["reference_threshold"] != made["threshold"]
    chosen = (own["probability"] >= made["threshold"]).to_numpy()
    assert scores["test/f1"] == f1.score(actual, chosen)
    assert scores["test/f1"] > f1.score(actual, (own["probability"] >= 0.5).to_numpy())
    reference = (made["reference_predictions"]["probability"] >= made["reference_threshold"]).to_numpy()
    assert scores["reference/f1"] == f1.score(actual, reference)
    # All are predicted to leave: the best F1 that one answer for all can have.
    assert scores["baseline/f1"] == pytest.approx(2 * actual.mean() / (1 + actual.mean()))
    confusion = made["figure_tables"]["confusion_matrix"]
    assert confusion.loc[confusion["predicted"] == 1, "rows"].sum() == chosen.sum()
    head = made["test_head"]
    assert head["class"].tolist() == np.where(chosen[: len(head)], "leaves", "stays").tolist()


def test_the_model_answers_by_it_and_says_so(made: dict[str, Any], tmp_path: Path) -> None:
    parts = write_package(made["model"], "calls", tmp_path).parts
    assert json.loads((parts / "package.json").read_text())["threshold"] == made["threshold"]
    assert describe_rows(made["model"]).params.params[0].default == made["threshold"]
    found = RowModel.load(parts).predict(made["joined_rows"].drop(columns="churn"))
    expected = np.where(found["probability"] >= made["threshold"], "leaves", "stays")
    assert found["class"].astype(str).tolist() == expected.tolist()
    assert 0 < (found["probability"] >= made["threshold"]).sum() != (found["probability"] >= 0.5).sum()


def test_each_fold_chooses_on_rows_of_its_own(made: dict[str, Any]) -> None:
    scores, share = made["fold_scores"], made["train_arrays"]["target"].mean()
    assert len(scores) == 2
    np.testing.assert_allclose(scores["baseline_f1"], 2 * share / (1 + share), atol=0.05)
    assert (scores["f1"] > scores["baseline_f1"] + 0.05).all()
