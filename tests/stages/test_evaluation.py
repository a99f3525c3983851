"""Scores, importance and predictions of every task, on rows small enough to count by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import EvaluationParameters
from casebook.inference.predictions import frame_predictions
from casebook.preprocessing.images import ImagePreprocessor
from casebook.stages import evaluation

ACTUAL = np.array([0, 0, 1, 1], dtype=np.uint8)
PROBABILITY = np.array([0.1, 0.55, 0.65, 0.9])


def settings(**given: object) -> dict[str, Any]:
    return EvaluationParameters.model_validate(given).model_dump()


def score(
    task: str, own: np.ndarray, reference: np.ndarray, actual: np.ndarray, train: np.ndarray, **given: object
) -> dict[str, float]:
    frames = [frame_predictions(task, outputs, actual) for outputs in (own, reference)]
    kept = [frame.copy() for frame in frames]
    scores = evaluation.score_test(*frames, {"target": train}, settings(**given), 0.5, 0.5)
    for frame, before in zip(frames, kept, strict=True):
        pd.testing.assert_frame_equal(frame, before)
    return scores


def test_accuracy_at_further_thresholds_is_counted_for_the_network() -> None:
    scores = score("binary", PROBABILITY, 1 - PROBABILITY, ACTUAL, ACTUAL, thresholds=[0.6, 0.7, 0.05])
    further = {name: value for name, value in scores.items() if "_at_" in name}
    assert further == {
        "test/accuracy_at_0.6": 1.0, "test/accuracy_at_0.7": 0.75, "test/accuracy_at_0.05": 0.5,
    }  # fmt: skip
    assert scores["test/accuracy"] == 0.75
    assert not [name for name in score("binary", PROBABILITY, PROBABILITY, ACTUAL, ACTUAL) if "_at_" in name]


def test_two_softmax_outputs_are_scored_as_one_probability() -> None:
    two = np.stack([1 - PROBABILITY, PROBABILITY], axis=1)
    assert score("binary", two, two, ACTUAL, ACTUAL) == score("binary", PROBABILITY, PROBABILITY, ACTUAL, ACTUAL)


def test_a_regression_is_scored_beside_the_mean_of_the_training_rows() -> None:
    actual = np.array([10.0, 20.0], dtype=np.float32)
    scores = score("regression", actual + 1, actual - 3, actual, np.array([0, 10], dtype=np.float32), thresholds=[0.6])
    found = {name: scores[name] for name in ("test/mae", "reference/mae", "baseline/mae", "baseline/mse")}
    assert found == {"test/mae": 1.0, "reference/mae": 3.0, "baseline/mae": 10.0, "baseline/mse": 125.0}
    assert not [name for name in scores if "accuracy" in name]


def test_several_classes_are_scored_beside_the_shares_of_the_training_rows() -> None:
    shares = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1]])
    # No training row shows the third class.
    scores = score("multiclass", shares, shares[::-1], np.array([0, 1]), np.array([0, 0, 0, 1]))
    assert (scores["test/accuracy"], scores["reference/accuracy"], scores["baseline/accuracy"]) == (1.0, 0.0, 0.5)
    assert scores["baseline/log_loss"] == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)


def outputs_of(arrays: dict[str, np.ndarray]) -> np.ndarray:
    return arrays["numbers"][:, 0].astype(np.float64)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> str:
    """A network that predicts its first number."""
    monkeypatch.setattr("casebook.evaluation.prediction.predict", lambda _network, arrays: outputs_of(arrays))
    return "network"


def test_the_fit_is_scored_on_training_rows_evenly_spaced_where_there_are_many(
    network: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrays = {"numbers": PROBABILITY[:, None], "target": ACTUAL}
    scores = evaluation.score_training(network, arrays, "binary", 0.5)
    assert (scores["fit/accuracy"], scores["fit/auc"]) == (0.75, 1.0)
    assert sorted(scores) == ["fit/accuracy", "fit/auc", "fit/f1", "fit/log_loss"]
    monkeypatch.setattr(evaluation, "MAX_FIT_ROWS", 2)
    # Rows 0 and 2 of four.
    few = evaluation.score_training(network, arrays, "binary", 0.5)
    assert few["fit/accuracy"] == 1.0
    assert arrays["numbers"].shape == (4, 1)


def test_predictions_of_the_test_rows_are_in_their_order(network: str) -> None:
    arrays = {"numbers": PROBABILITY[:, None], "target": ACTUAL}
    frame = evaluation.predict_test(network, arrays, "binary")
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"probability": PROBABILITY, "actual": ACTUAL}))


def test_images_and_texts_have_no_columns_to_rank() -> None:
    given = None, {}, ImagePreprocessor("image", 2, 2, 255.0), None, None, settings()
    ranked = evaluation.rank_raw_columns(*given, engineer=None, feature_sources={})
    assert ranked.columns.tolist() == ["raw_column", "metric", "drop_mean", "drop_std"]
    assert len(ranked) == 0
