"""The small examples of the published texts: sums that can be done by hand, and nothing learnt where nothing is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import NetworkParameters
from casebook.evaluation.prediction import predict
from casebook.models.networks import build_network
from casebook.preprocessing.tabular import expand_dense, prepare_rows
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

QUIET = SimpleNamespace(**dict.fromkeys(("start", "advance", "epoch", "stop"), lambda *_: None))
HIDDEN = ((1, 1), (-1, 1))


def propagate(
    fit: Callable[..., TabularPreprocessor],
    inputs: tuple[int, int],
    hidden: tuple[tuple[int, int], ...],
    output: tuple[int, int],
    activation: str,
) -> float:
    """Give the output of a network of two inputs and two hidden units with the given weights and no biases."""
    table = pd.DataFrame([inputs], columns=["first", "second"])
    preprocessor = fit(table, scaling="none")
    network = build_network(preprocessor, NetworkParameters(hidden=[2], activation=activation, output="linear"))
    weights = [np.array(hidden).T, np.zeros(2), np.array(output)[:, None], np.zeros(1)]
    network.set_weights(weights)
    return float(predict(network, prepare_rows(table, preprocessor))[0])


@pytest.mark.parametrize(
    ("inputs", "hidden", "output", "activation", "expected"),
    [
        ((2, 3), HIDDEN, (2, -1), "linear", 9),
        ((3, 4), HIDDEN, (2, -1), "linear", 13),
        ((2, 3), HIDDEN, (1, 0), "linear", 5),
        ((2, 3), HIDDEN, (0, 1), "linear", 1),
        ((3, 4), HIDDEN, (1, 0), "linear", 7),
        ((3, 4), HIDDEN, (0, 1), "linear", 1),
        # The second unit is 2 * 4 - 3 * 5 = -7, which ReLU cuts off.
        ((2, 3), ((2, 4), (4, -5)), (2, 7), "relu", 32),
        ((2, 3), ((2, 4), (4, -5)), (2, 7), "linear", 2 * 16 - 7 * 7),
    ],
)
def test_forward_propagation_gives_what_comes_out_by_hand(
    fit: Callable[..., TabularPreprocessor],
    inputs: tuple[int, int],
    hidden: tuple[tuple[int, int], ...],
    output: tuple[int, int],
    activation: str,
    expected: float,
) -> None:
    assert propagate(fit, inputs, hidden, output, activation) == expected


def test_standard_scaling_of_1_to_9_has_mean_0_and_deviation_1_and_its_inverse_gives_the_input_back(
    fit: Callable[..., TabularPreprocessor],
) -> None:
    table = pd.DataFrame({"value": range(1, 10)})
    preprocessor = fit(table, scaling="standard")
    scaled = expand_dense(prepare_rows(table, preprocessor), preprocessor)[:, 0]
    assert scaled.mean() == pytest.approx(0, abs=1e-12)
    assert scaled.std() == pytest.approx(1)
    np.testing.assert_allclose(scaled, (np.arange(1, 10) - 5) / np.sqrt(60 / 9))
    column = preprocessor.columns[0]
    np.testing.assert_allclose(scaled * column.deviation + column.mean, table["value"])


@pytest.fixture(scope="module")
def dummy(fit: Callable[..., TabularPreprocessor]) -> tuple[TabularPreprocessor, Arrays, Arrays]:
    """1,000 rows of three random inputs with random labels, and as many again to judge by."""
    generator = np.random.default_rng(3)
    table = pd.DataFrame(generator.random((2_000, 3)), columns=["first", "second", "third"])
    preprocessor = fit(table[:1_000])
    arrays = {**prepare_rows(table, preprocessor), "target": generator.integers(0, 2, 2_000).astype("uint8")}
    return preprocessor, {k: v[:1_000] for k, v in arrays.items()}, {k: v[1_000:] for k, v in arrays.items()}


def judge(
    rows: tuple[TabularPreprocessor, Arrays, Arrays], parameters: TrainingParameters, target: np.ndarray | None = None
) -> float:
    """Train on the first rows and give the accuracy on the others."""
    preprocessor, train, others = rows
    labels = {"target": train["target"] if target is None else target}
    network, _ = train_network({**train, **labels}, others, preprocessor, parameters, QUIET)
    return float(((predict(network, others) >= 0.5) == others["target"]).mean())


# Batches as published; of its 15, 30 and 60 epochs a fifteenth, which would learn what there is to learn (see below).
@pytest.mark.parametrize("epochs", [1, 2, 4])
@pytest.mark.parametrize("batch_size", [32, 64, 128])
def test_none_of_the_nine_fits_of_the_dummy_grid_is_better_than_chance(
    dummy: tuple[TabularPreprocessor, Arrays, Arrays],
    training: Callable[..., TrainingParameters],
    batch_size: int,
    epochs: int,
) -> None:
    parameters = training(epochs=epochs, batch_size=batch_size, network={"hidden": [12]}, metrics=["accuracy"])
    # Three standard deviations of 1,000 tosses.
    assert judge(dummy, parameters) == pytest.approx(0.5, abs=0.048)


def test_the_same_inputs_are_learnt_where_the_labels_follow_from_them_and_not_where_these_are_permuted(
    dummy: tuple[TabularPreprocessor, Arrays, Arrays], training: Callable[..., TrainingParameters]
) -> None:
    preprocessor, *parts = dummy
    train, others = ({**part, "target": (part["numbers"].sum(axis=1) > 0).astype("uint8")} for part in parts)
    parameters = training(epochs=4, batch_size=32, network={"hidden": [12]}, metrics=["accuracy"])
    permuted = np.random.default_rng(4).permutation(train["target"])
    assert judge((preprocessor, train, others), parameters) > 0.9
    assert judge((preprocessor, train, others), parameters, permuted) == pytest.approx(0.5, abs=0.1)
