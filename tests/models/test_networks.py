from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters
from casebook.config.schema.types import Activation, Initializer
from casebook.evaluation.prediction import predict
from casebook.models.networks import PREDICTION_BATCH_ROWS, build_network, load_network, make_predictor
from casebook.models.tabular_inputs import default_embedding_size
from casebook.preprocessing.tabular import TabularPreprocessor, prepare_rows

Fit = Callable[..., TabularPreprocessor]


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same weights."""
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(1)


def make_table(rows: int = 12) -> pd.DataFrame:
    generator = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "left": generator.normal(size=rows),
            "right": generator.normal(size=rows),
            "kind": pd.Categorical(["p", "q", "r"] * (rows // 3)),
        }
    )


@pytest.fixture
def preprocessor(fit: Fit) -> TabularPreprocessor:
    return fit(make_table())


def build_by_hand(fit: Fit, hidden: list, output: list, activation: str) -> Callable[[float, float], tuple]:
    """Build inputs -> two hidden nodes -> one output with given weights; answer with hidden values and output."""
    import keras

    preprocessor = fit(pd.DataFrame({"a": [0.5, 10], "b": [0.5, 10]}), scaling="none")
    parameters = NetworkParameters(hidden=[2], activation=activation, output="linear")
    network = build_network(preprocessor, parameters)
    network.get_layer("hidden_1").set_weights([np.transpose(hidden), np.zeros(2)])
    network.get_layer("output").set_weights([np.reshape(output, (2, 1)), np.zeros(1)])
    activations = next(layer for layer in network.layers if isinstance(layer, keras.layers.Activation))
    inner = keras.Model(network.input, activations.output)

    def forward(a: float, b: float) -> tuple[list[float], float]:
        arrays = prepare_rows(pd.DataFrame({"a": [a], "b": [b]}), preprocessor)
        return predict(inner, arrays)[0].tolist(), predict(network, arrays)[0]

    return forward


def test_forward_propagation_is_that_done_by_hand(fit: Fit) -> None:
    forward = build_by_hand(fit, [(1, 1), (-1, 1)], [2, -1], "linear")
    assert forward(2, 3) == ([5, 1], 9)
    assert forward(3, 4) == ([7, 1], 13)


def test_a_relu_node_passes_nothing_below_zero(fit: Fit) -> None:
    forward = build_by_hand(fit, [(2, 4), (4, -5)], [2, 7], "relu")
    assert forward(2, 3) == ([16, 0], 32)


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_network_has_the_described_layers_and_parameters(preprocessor: TabularPreprocessor, outputs: int) -> None:
    parameters = NetworkParameters(hidden=[4, 3], output="softmax" if outputs > 1 else "sigmoid")
    network = build_network(preprocessor, parameters, outputs)
    assert network.output_shape == (None, outputs)
    # 2 numbers and 3 categories -> 4 -> 3 -> outputs, a bias each.
    assert network.count_params() == (5 + 1) * 4 + (4 + 1) * 3 + (3 + 1) * outputs
    assert network.get_layer("output").dtype_policy.name == "float32"


def test_a_network_may_have_no_hidden_layer(preprocessor: TabularPreprocessor) -> None:
    assert build_network(preprocessor, NetworkParameters(hidden=[])).count_params() == 6


@pytest.mark.parametrize("activation", get_args(Activation))
def test_every_activation_is_the_one_that_keras_calls_so(preprocessor: TabularPreprocessor, activation: str) -> None:
    import keras

    network = build_network(preprocessor, NetworkParameters(hidden=[3], activation=activation))
    layer = network.layers[-2]
    values = np.array([[-2.0, -0.5, 3.0]], dtype=np.float32)
    # PReLU's slope below zero is trained and starts at 0.
    by_name = keras.activations.get("relu" if activation == "prelu" else activation)
    np.testing.assert_array_equal(layer(values), by_name(values))
    assert len(layer.trainable_weights) == (activation == "prelu")


@pytest.mark.parametrize("initializer", get_args(Initializer))
def test_every_initializer_is_the_one_that_keras_calls_so(preprocessor: TabularPreprocessor, initializer: str) -> None:
    import keras

    parameters = NetworkParameters(hidden=[3], initializer=initializer, bias_initializer="random_normal")
    network = build_network(preprocessor, parameters)
    for name in ("hidden_1", "output"):
        layer = network.get_layer(name)
        assert type(layer.kernel_initializer) is type(keras.initializers.get(initializer))
        assert isinstance(layer.bias_initializer, keras.initializers.RandomNormal)


def test_biases_start_at_zero(preprocessor: TabularPreprocessor) -> None:
    network = build_network(preprocessor, NetworkParameters(hidden=[3]))
    assert network.get_layer("hidden_1").bias.numpy().tolist() == [0, 0, 0]


def test_weights_are_penalised_as_asked(preprocessor: TabularPreprocessor) -> None:
    network = build_network(preprocessor, NetworkParameters(hidden=[3, 2], l1=0.1, l2=0.01))
    kernels = [network.get_layer(name).kernel.numpy() for name in ("hidden_1", "hidden_2")]
    expected = sum(0.1 * np.abs(kernel).sum() + 0.01 * (kernel**2).sum() for kernel in kernels)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-5)
    assert build_network(preprocessor, NetworkParameters(hidden=[3])).losses == []


def test_a_share_of_each_hidden_layer_is_dropped_in_training_only(preprocessor: TabularPreprocessor) -> None:
    import keras

    network = build_network(preprocessor, NetworkParameters(hidden=[40, 30], dropout=0.4))
    dropouts = [layer for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.rate for layer in dropouts] == [0.4, 0.4]
    ones = np.ones((200, 40), dtype=np.float32)
    assert np.mean(np.asarray(dropouts[0](ones, training=True)) == 0) == pytest.approx(0.4, abs=0.03)
    np.testing.assert_array_equal(dropouts[0](ones), ones)
    plain = build_network(preprocessor, NetworkParameters(hidden=[4]))
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in plain.layers)


def test_an_embedding_has_a_row_for_each_category_and_one_for_unknown(fit: Fit) -> None:
    import keras

    preprocessor = fit(make_table(), encoding={"kind": "embedding"})
    settings: dict[str, Any] = {"size": 2, "dropout": 0.5, "l2": 0.1, "category_dropout": 0.2}
    network = build_network(preprocessor, NetworkParameters.model_validate({"hidden": [3], "embedding": settings}))
    embedding = network.get_layer("embedding_kind")
    assert embedding.embeddings.shape == (3 + 1, 2)
    assert network.get_layer("pick_kind").category_dropout == 0.2
    assert float(sum(network.losses)) == pytest.approx(0.1 * float((embedding.embeddings.numpy() ** 2).sum()), rel=1e-5)
    assert [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)] == [0.5]
    # The two numbers and the two embedded values meet in the first hidden layer.
    assert network.get_layer("hidden_1").kernel.shape == (4, 3)


def test_unknown_and_null_categories_share_the_embeddings_first_row(fit: Fit) -> None:
    preprocessor = fit(make_table()[["kind"]], encoding={"kind": "embedding"})
    embedding = {"size": 1}
    parameters = NetworkParameters.model_validate({"hidden": [], "output": "linear", "embedding": embedding})
    network = build_network(preprocessor, parameters)
    network.get_layer("embedding_kind").set_weights([np.array([[-5.0], [1], [2], [3]])])
    network.get_layer("output").set_weights([np.ones((1, 1)), np.zeros(1)])
    rows = pd.DataFrame({"kind": ["r", "p", "new", None]})
    assert predict(network, prepare_rows(rows, preprocessor)).tolist() == [3, 1, -5, -5]


@pytest.mark.parametrize(("categories", "size"), [(1, 2), (2, 2), (10, 6), (1000, 64), (29_899, 64)])
def test_embeddings_are_by_default_as_wide_as_fastais_rule_says(fit: Fit, categories: int, size: int) -> None:
    assert default_embedding_size(categories) == size
    if categories == 10:
        preprocessor = fit(pd.DataFrame({"c": [str(number) for number in range(10)]}), encoding={"c": "embedding"})
        network = build_network(preprocessor, NetworkParameters(hidden=[]))
        assert network.get_layer("embedding_c").embeddings.shape == (11, 6)


def test_predictions_are_one_number_a_row_and_the_same_in_any_slices(fit: Fit) -> None:
    rows = PREDICTION_BATCH_ROWS + 7
    generator = np.random.default_rng(0)
    table = pd.DataFrame({"n": generator.normal(size=rows)})
    preprocessor = fit(table)
    network = build_network(preprocessor, NetworkParameters(hidden=[3], activation="tanh"))
    arrays = prepare_rows(table, preprocessor)
    for block in arrays.values():
        block.flags.writeable = False
    predict_rows = make_predictor(network)
    whole = predict_rows(arrays)
    assert (whole.shape, whole.dtype) == ((rows,), np.float64)
    assert len(np.unique(whole)) > rows // 2
    slices = [
        predict_rows({name: block[part] for name, block in arrays.items()}) for part in np.array_split(range(rows), 3)
    ]
    np.testing.assert_allclose(np.concatenate(slices), whole, atol=1e-6)
    assert predict_rows({name: block[:0] for name, block in arrays.items()}).shape == (0,)


def test_several_outputs_are_predicted_as_a_table(preprocessor: TabularPreprocessor) -> None:
    network = build_network(preprocessor, NetworkParameters(hidden=[], output="softmax"), outputs=3)
    shares = predict(network, prepare_rows(make_table(), preprocessor))
    assert shares.shape == (12, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)


def test_a_saved_network_predicts_the_same_when_loaded(fit: Fit, tmp_path: Path) -> None:
    preprocessor = fit(make_table(), encoding={"kind": "embedding"})
    network = build_network(preprocessor, NetworkParameters(hidden=[3], dropout=0.3))
    network.save(tmp_path / "network.keras")
    loaded = load_network(tmp_path / "network.keras")
    arrays = prepare_rows(make_table(), preprocessor)
    np.testing.assert_array_equal(predict(loaded, arrays), predict(network, arrays))


def test_building_leaves_the_preparation_as_it_was(preprocessor: TabularPreprocessor) -> None:
    before = str(preprocessor.to_dict())
    build_network(preprocessor, NetworkParameters(hidden=[3]))
    assert str(preprocessor.to_dict()) == before
