"""An ensemble inside one network: what its layers compute, how its members learn, what stays as it was without it."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters, TrainingParameters
from casebook.evaluation.prediction import predict
from casebook.models.networks import build_network, load_network, task_of_network
from casebook.models.tabular_inputs import ensemble_layers
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor, prepare_rows
from casebook.training.trainer import build_initial_network, train_network

Fit = Callable[..., TabularPreprocessor]
Training = Callable[..., TrainingParameters]
Learnable = tuple[TabularPreprocessor, Arrays, Arrays]


@pytest.fixture(autouse=True)
def ensemble() -> ModuleType:
    """Start every test from the same weights -> the layers."""
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    return ensemble_layers()


def two_numbers(fit: Fit) -> tuple[TabularPreprocessor, Arrays]:
    table = pd.DataFrame({"a": [1.5, 2.5, -3.0], "b": [0.5, 10.25, 4.0]})
    preprocessor = fit(table, scaling="none")
    return preprocessor, prepare_rows(table, preprocessor)


def test_every_member_sees_each_row_through_weights_of_its_own(ensemble: ModuleType) -> None:
    layer = ensemble.EnsembleView(2)
    layer.build((None, 3))
    assert set(layer.signs.numpy().ravel().tolist()) <= {-1.0, 1.0}
    layer.set_weights([np.array([[1, 2, 3], [-1, 0, 1]])])
    shown = np.asarray(layer(np.array([[1, 1, 1], [5, 6, 7]], dtype=np.float32)))
    assert shown.tolist() == [[1, 2, 3], [-1, 0, 1], [5, 12, 21], [-5, 0, 7]]


def test_members_start_apart_from_each_other(ensemble: ModuleType) -> None:
    layer = ensemble.EnsembleView(64)
    layer.build((None, 50))
    signs = layer.signs.numpy()
    assert np.abs(signs).tolist() == np.ones((64, 50)).tolist()
    assert len(np.unique(signs, axis=0)) == 64
    # Five standard deviations of the mean.
    assert abs(signs.mean()) < 5 / np.sqrt(64 * 50)


def test_every_member_has_an_output_of_its_own(ensemble: ModuleType) -> None:
    layer = ensemble.LinearEnsemble(2, 1)
    layer.build((None, 2))
    layer.set_weights([np.array([[[1], [10]], [[-1], [2]]]), np.array([[0.5], [100]])])
    rows = np.array([[1, 2], [1, 2], [3, 0], [3, 0]], dtype=np.float32)
    assert np.asarray(layer(rows)).tolist() == [[21.5], [103], [3.5], [97]]


def test_a_members_output_starts_as_that_of_a_network_of_its_own_would(ensemble: ModuleType) -> None:
    layer = ensemble.LinearEnsemble(32, 1, kernel_initializer="he_uniform", bias_initializer="random_normal")
    layer.build((None, 600))
    kernel = layer.kernel.numpy()
    limit = np.sqrt(6 / 600)
    assert 0.99 * limit < np.abs(kernel).max() <= limit
    assert len(np.unique(kernel[:, 0, 0])) == len(np.unique(layer.bias.numpy())) == 32


def test_the_networks_prediction_is_the_mean_of_its_members(fit: Fit) -> None:
    preprocessor, arrays = two_numbers(fit)
    parameters = NetworkParameters(hidden=[], output="sigmoid", ensemble_size=2)
    network = build_network(preprocessor, parameters)
    network.get_layer("ensemble_view").set_weights([np.array([[1, 0], [0, 1]])])
    network.get_layer("output").set_weights([np.ones((2, 2, 1)), np.zeros((2, 1))])
    values = np.array([[1.5, 0.5], [2.5, 10.25], [-3.0, 4.0]])
    np.testing.assert_allclose(predict(network, arrays), (1 / (1 + np.exp(-values))).mean(axis=1), rtol=1e-6)
    assert task_of_network(network) == "binary"


@pytest.mark.parametrize("outputs", [1, 3])
def test_members_share_the_hidden_layers(fit: Fit, outputs: int) -> None:
    preprocessor, arrays = two_numbers(fit)
    output = "softmax" if outputs > 1 else "sigmoid"
    network = build_network(preprocessor, NetworkParameters(hidden=[4, 3], output=output, ensemble_size=5), outputs)
    assert network.count_params() == 5 * 2 + (2 + 1) * 4 + (4 + 1) * 3 + 5 * (3 + 1) * outputs
    assert network.output_shape == (None, outputs)
    assert network.get_layer("output").dtype_policy.name == "float32"
    assert predict(network, arrays).shape == ((3,) if outputs == 1 else (3, 3))


def test_one_member_is_the_plain_network(fit: Fit) -> None:
    preprocessor, _ = two_numbers(fit)
    plain, one = (
        build_network(preprocessor, NetworkParameters(hidden=[3], **given)) for given in ({}, {"ensemble_size": 1})
    )
    assert [layer.name for layer in plain.layers if "member" in layer.name] == []
    assert [type(layer) for layer in one.layers] == [type(layer) for layer in plain.layers]
    assert ensemble_layers().network_to_train(plain) is plain


def test_a_saved_ensemble_predicts_as_before(fit: Fit, tmp_path: Path) -> None:
    preprocessor, arrays = two_numbers(fit)
    parameters = NetworkParameters(hidden=[4], output="linear", ensemble_size=3, bias_initializer="random_normal")
    network = build_network(preprocessor, parameters, 1, ("log", 1.0, 0.5))
    network.save(tmp_path / "network.keras")
    loaded = load_network(tmp_path / "network.keras")
    assert predict(loaded, arrays).tolist() == predict(network, arrays).tolist()


def losses_of(trained: Any, arrays: Arrays) -> tuple[float, float]:  # noqa: ANN401 - a Keras model
    inputs = {name: values for name, values in arrays.items() if name != "target"}
    outputs = trained(inputs)
    return tuple(float(trained.compute_loss(y=arrays["target"], y_pred=outputs, training=t)) for t in (True, False))


def test_each_member_learns_from_its_own_loss_and_validation_judges_their_mean(fit: Fit, ensemble: ModuleType) -> None:
    preprocessor, arrays = two_numbers(fit)
    arrays = {**arrays, "target": np.array([1, 4, -2], dtype=np.float32)}
    network = build_network(preprocessor, NetworkParameters(hidden=[], output="linear", ensemble_size=2))
    network.get_layer("ensemble_view").set_weights([np.array([[1, 0], [0, 1]])])
    network.get_layer("output").set_weights([np.ones((2, 2, 1)), np.zeros((2, 1))])
    trained = ensemble.network_to_train(network)
    trained.compile(loss="mse")
    # The members say 1.5, 2.5, -3 and 0.5, 10.25, 4.
    errors = np.array([[0.5, -1.5, -1.0], [-0.5, 6.25, 6.0]])
    assert losses_of(trained, arrays) == pytest.approx(((errors**2).mean(), (errors.mean(axis=0) ** 2).mean()))


def test_an_ensemble_learns_and_reports_the_losses_and_metrics_of_the_mean(
    learnable: Learnable, training: Training
) -> None:
    preprocessor, rows, validation = learnable
    network = {"hidden": [16], "ensemble_size": 4, "output": "sigmoid"}
    parameters = training(epochs=30, network=network, optimizer={"name": "adam", "learning_rate": 0.03})
    trained, history = train_network(rows, validation, preprocessor, parameters)
    outputs, target = np.clip(predict(trained, validation), 1e-7, 1 - 1e-7), validation["target"]
    last = history.iloc[-1]
    assert last["val/accuracy"] == pytest.approx(((outputs > 0.5) == target).mean(), abs=1e-6)
    assert last["val/loss"] == pytest.approx(-np.log(np.where(target, outputs, 1 - outputs)).mean(), rel=1e-4)
    assert last["val/accuracy"] > 0.9 > 0.7 > history["val/accuracy"].iloc[0]


def test_the_same_seed_gives_the_same_ensemble(learnable: Learnable, training: Training) -> None:
    preprocessor, rows, _ = learnable
    parameters = training(network={"hidden": [4], "ensemble_size": 3, "dropout": 0.2}, seed=5)
    first, second = (build_initial_network(rows, preprocessor, parameters).get_weights() for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
