"""Rows and classes that weigh more: a row of weight 3 is learnt and scored as three rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from casebook.evaluation.scores import score_baseline, score_network
from casebook.evaluation.thresholds import ThresholdRule
from casebook.training import keras_internals
from casebook.training.trainer import build_initial_network, continue_training

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    Learnable = tuple[TabularPreprocessor, Arrays, Arrays]

ROWS, HELD_OUT, EPOCHS = 60, 40, 3
# One batch an epoch, so that the order of rows says nothing.
WHOLE = {"batch_size": 1000, "epochs": EPOCHS, "optimizer": {"name": "sgd", "learning_rate": 0.05}}


def weigh(rows: Arrays, seed: int) -> Arrays:
    weights = np.random.default_rng(seed).integers(0, 4, len(rows["target"])).astype(np.float32)
    return {**rows, "weight": weights}


def repeat(rows: Arrays, counts: np.ndarray) -> Arrays:
    times = counts.astype(int)
    return {name: np.repeat(values, times, axis=0) for name, values in rows.items() if name != "weight"}


@pytest.fixture
def parts(learnable: Learnable) -> tuple[Arrays, Arrays]:
    _, train, validation = learnable
    few = {name: values[:ROWS] for name, values in train.items()}
    return few, {name: values[:HELD_OUT] for name, values in validation.items()}


@pytest.fixture
def learn(learnable: Learnable, training: Callable[..., TrainingParameters], parts: tuple[Arrays, Arrays]) -> Any:  # noqa: ANN401
    """Train from the same first weights on whatever rows -> the network and its history."""

    def on(train: Arrays, validation: Arrays, **more: Any) -> tuple[Any, Any]:  # noqa: ANN401
        parameters = training(**{**WHOLE, **more})
        network = build_initial_network(parts[0], learnable[0], parameters)
        return network, continue_training(network, train, validation, parameters)

    return on


@pytest.fixture(params=["compiled", "fit"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "fit":
        monkeypatch.setattr(keras_internals, "find_changed_internals", lambda _network: ["it is another"])
    return str(request.param)


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("size", [1, 3])
def test_a_row_of_weight_three_is_learnt_and_scored_as_three_rows(
    learn: Any,  # noqa: ANN401
    parts: tuple[Arrays, Arrays],
    size: int,
) -> None:
    train, validation = weigh(parts[0], 1), weigh(parts[1], 2)
    more = {"network": {"hidden": [4], "ensemble_size": size}}
    network, history = learn(train, validation, **more)
    repeated, expected = learn(repeat(train, train["weight"]), repeat(validation, validation["weight"]), **more)
    for own, other in zip(network.get_weights(), repeated.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-6)
    assert history.columns.tolist() == expected.columns.tolist()
    for curve in history:
        # Another order of sums may part two probabilities that are equal, or join them.
        np.testing.assert_allclose(history[curve], expected[curve], rtol=5e-3 if curve.endswith("auc") else 2e-5)
    plain, unweighted = learn(parts[0], parts[1], **more)
    assert not np.allclose(plain.get_weights()[0], network.get_weights()[0], atol=1e-4)
    assert (abs(unweighted["val/accuracy"] - history["val/accuracy"]) > 1e-3).any()


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize("size", [1, 3])
def test_class_weights_move_the_loss_and_no_score(learn: Any, parts: tuple[Arrays, Arrays], size: int) -> None:  # noqa: ANN401
    train, validation = parts
    more = {"network": {"hidden": [4], "ensemble_size": size}}
    network, history = learn(train, validation, class_weights=[1.0, 3.0], **more)
    counts = [np.where(rows["target"] == 1, 3, 1) for rows in parts]
    repeated, expected = learn(repeat(train, counts[0]), repeat(validation, counts[1]), **more)
    for own, other in zip(network.get_weights(), repeated.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-6)
    for curve in ("train/loss", "val/loss"):
        np.testing.assert_allclose(history[curve], expected[curve], rtol=2e-5)
    scores = score_network(network, validation, "binary", 0.5)
    assert history["val/accuracy"].iloc[-1] == pytest.approx(scores["accuracy"])
    assert history["val/auc"].iloc[-1] == pytest.approx(scores["auc"])


def test_rows_that_weigh_alike_are_learnt_as_rows_without_weights(learn: Any, parts: tuple[Arrays, Arrays]) -> None:  # noqa: ANN401
    same = [{**rows, "weight": np.full(len(rows["target"]), 7.0, np.float32)} for rows in parts]
    network, history = learn(*same)
    plain, expected = learn(*parts)
    np.testing.assert_allclose(history.to_numpy(), expected.to_numpy(), rtol=1e-6)
    for own, other in zip(network.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5)


def test_scores_and_baseline_count_rows_by_their_weights(learn: Any, parts: tuple[Arrays, Arrays]) -> None:  # noqa: ANN401
    train, held_out = weigh(parts[0], 1), weigh(parts[1], 2)
    network, _ = learn(train, held_out)
    several = repeat(train, train["weight"]), repeat(held_out, held_out["weight"])
    assert score_network(network, held_out, "binary", 0.5) == pytest.approx(
        score_network(network, several[1], "binary", 0.5)
    )
    for rule in (ThresholdRule(0.5), ThresholdRule("f1")):
        assert score_baseline(network, held_out, train, "binary", rule) == pytest.approx(
            score_baseline(network, several[1], several[0], "binary", rule)
        )
