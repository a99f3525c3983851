"""Several networks as one: what it predicts, how it is kept and served, and that its parts go on learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import NetworkParameters
from casebook.evaluation.prediction import predict
from casebook.models.network_ensemble import combine_networks, list_networks, list_weights
from casebook.models.networks import build_network, load_network, make_predictor, task_of_network
from casebook.models.numpy_export import describe_network
from casebook.models.numpy_network import NumpyNetwork
from casebook.preprocessing.arrays import without_rows
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor, prepare_rows
from casebook.training.trainer import continue_training

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.config.schema import TrainingParameters

WEIGHTS = [0.75, 0.25]
# An ensemble within each network, bins, an embedding and a scaled target: every layer that a table's network may have.
WITH_ALL = {
    "hidden": [4], "ensemble_size": 3, "piecewise_linear_bins": 4, "embedding": {"size": 2, "category_dropout": 0.1},
    "dropout": 0.1, "activation": "prelu",
}  # fmt: skip


@pytest.fixture
def prepared(fit: Callable[..., TabularPreprocessor]) -> tuple[TabularPreprocessor, Arrays]:
    table = pd.DataFrame({"a": np.linspace(-2, 2, 40), "place (of birth)": [f"p{n % 7}" for n in range(40)]})
    fitted = fit(table, encoding={"place (of birth)": "embedding"})
    return fitted, prepare_rows(table, fitted)


def build(preprocessor: TabularPreprocessor, output: str = "sigmoid", outputs: int = 1, **options: Any) -> list[Any]:  # noqa: ANN401
    import keras

    scale = ("standard", 3.0, 2.0) if output == "linear" else None
    networks = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        parameters = NetworkParameters.model_validate({**WITH_ALL, "output": output, **options})
        networks.append(build_network(preprocessor, parameters, outputs, scale))
    return networks


@pytest.mark.parametrize(
    ("output", "outputs", "task"), [("sigmoid", 1, "binary"), ("softmax", 3, "multiclass"), ("linear", 1, "regression")]
)
def test_it_predicts_the_weighted_mean_in_keras_in_numpy_and_once_it_was_saved(
    prepared: tuple[TabularPreprocessor, Arrays], tmp_path: Path, output: str, outputs: int, task: str
) -> None:
    preprocessor, arrays = prepared
    networks = build(preprocessor, output, outputs)
    combined = combine_networks(networks, WEIGHTS)
    first, second = (make_predictor(network)(arrays) for network in networks)
    assert np.abs(first - second).max() > 0.001
    expected = 0.75 * first + 0.25 * second
    described = describe_network(combined)
    assert described is not None
    combined.save(tmp_path / "network.keras")
    for predict_rows in (
        make_predictor(combined),
        NumpyNetwork(*described),
        make_predictor(load_network(tmp_path / "network.keras")),
    ):
        np.testing.assert_allclose(predict_rows(arrays), expected, rtol=1e-5, atol=1e-6)
    assert task_of_network(combined) == task


def test_its_networks_are_found_again_with_their_weights(prepared: tuple[TabularPreprocessor, Arrays]) -> None:
    preprocessor, arrays = prepared
    networks = build(preprocessor)
    combined = combine_networks(networks, WEIGHTS)
    assert list_weights(combined) == WEIGHTS
    for found, network in zip(list_networks(combined), networks, strict=True):
        np.testing.assert_array_equal(predict(found, arrays), predict(network, arrays))
        assert task_of_network(found) == "binary"
    (alone,) = list_networks(networks[0])
    assert alone is networks[0]
    assert list_weights(alone) == [1.0]


def test_a_network_that_learns_on_changes_the_whole_and_no_other(
    prepared: tuple[TabularPreprocessor, Arrays], training: Callable[..., TrainingParameters]
) -> None:
    preprocessor, arrays = prepared
    networks = build(preprocessor, "linear")
    combined = combine_networks(networks, WEIGHTS)
    rows = {**arrays, "target": np.linspace(0, 9, 40).astype(np.float32)}
    settings = training(loss="mse", metrics=[], network={**WITH_ALL, "output": "linear"}, target_scale="standard")
    first, second = list_networks(combined)
    continue_training(first, rows, without_rows(rows), settings)
    assert np.abs(predict(first, arrays) - predict(networks[0], arrays)).max() > 0.01
    np.testing.assert_array_equal(predict(second, arrays), predict(networks[1], arrays))
    expected = 0.75 * predict(first, arrays) + 0.25 * predict(second, arrays)
    np.testing.assert_allclose(predict(combined, arrays), expected, rtol=1e-5)
