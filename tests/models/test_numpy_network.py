from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import NetworkParameters
from casebook.config.schema.types import Activation
from casebook.models.networks import build_network, make_predictor
from casebook.models.numpy_export import describe_network
from casebook.models.numpy_network import NumpyNetwork, save
from casebook.preprocessing.tabular import TabularPreprocessor, prepare_rows

Fit = Callable[..., TabularPreprocessor]
Made = Callable[..., tuple[Any, dict[str, np.ndarray]]]
MakeTable = Callable[[int, int], pd.DataFrame]
# Not in NumPy: the error function.
BY_KERAS = {"gelu"}


@pytest.fixture(scope="module")
def made(fit: Fit, make_mixed_table: MakeTable) -> Made:
    """Build a network on a table with a column of every sort, its weights drawn; give it and rows it has not seen."""

    def make(outputs: int = 1, scale: Any = None, rows: int = 50, **parameters: Any) -> Any:  # noqa: ANN401
        import keras

        options = {name: parameters.pop(name) for name in ("encoding", "scaling", "drop_first") if name in parameters}
        preprocessor = fit(make_mixed_table(1, 300), **options)
        keras.utils.set_random_seed(3)
        network = build_network(preprocessor, NetworkParameters(**{"hidden": [7, 5], **parameters}), outputs, scale)
        generator = np.random.default_rng(2)
        network.set_weights([generator.normal(0, 0.25, weight.shape) for weight in network.get_weights()])
        return network, prepare_rows(make_mixed_table(2, rows), preprocessor)

    return make


def check(network: Any, arrays: dict[str, np.ndarray], within: float = 1e-6) -> np.ndarray:  # noqa: ANN401
    expected = make_predictor(network)(arrays)
    found = NumpyNetwork(*describe_network(network))(arrays)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert len(np.unique(expected.round(4))) > min(len(expected), 1000) / 2
    # Both compute in float32: of large numbers the last digits are chance.
    np.testing.assert_allclose(found, expected, rtol=0, atol=within * max(1, np.abs(expected).max()))
    return found


@pytest.mark.parametrize("activation", sorted(set(get_args(Activation)) - BY_KERAS))
def test_every_activation_is_computed_as_keras_does(made: Made, activation: str) -> None:
    check(*made(activation=activation))


@pytest.mark.parametrize(
    "options",
    [
        {"scaling": "none"},
        {"scaling": "minmax"},
        {"drop_first": True},
        {"encoding": {"colour": "embedding", "shop": "embedding", "month": "embedding"}},
        {"encoding": {"shop": "onehot", "activity": "onehot", "month": "onehot"}},
        {"encoding": {"year": "onehot"}, "dropout": 0.3, "hidden": []},
    ],
    ids=str,
)
def test_every_preparation_is_expanded_as_keras_does(made: Made, options: dict[str, Any]) -> None:
    # Unscaled numbers in the millions would leave every sigmoid at 0 or 1.
    linear = {"output": "linear"} if options.get("scaling") == "none" else {}
    check(*made(**options, **linear))


@pytest.mark.parametrize(
    ("output", "outputs", "scale"),
    [
        ("sigmoid", 1, None),
        ("softmax", 3, None),
        ("linear", 1, None),
        ("linear", 1, ("standard", 5000.0, 3000.0)),
        ("linear", 1, ("log", 8.5, 0.4)),
    ],
)
def test_every_output_is_computed_as_keras_does(made: Made, output: str, outputs: int, scale: Any) -> None:  # noqa: ANN401
    # A power turns the last digit of a logarithm near 10 into two of its own.
    found = check(*made(outputs, scale, output=output), within=3e-6 if scale and scale[0] == "log" else 1e-6)
    assert found.ndim == (1 if outputs == 1 else 2)


@pytest.mark.parametrize(("piecewise_linear_bins", "keep"), [(0, False), (6, False), (6, True)])
@pytest.mark.parametrize("ensemble_size", [1, 4])
@pytest.mark.parametrize(("output", "outputs"), [("sigmoid", 1), ("softmax", 3), ("linear", 1)])
def test_ensembles_and_numbers_in_pieces_are_computed_as_keras_does(
    made: Made, piecewise_linear_bins: int, keep: bool, ensemble_size: int, output: str, outputs: int
) -> None:
    scale = ("standard", 50.0, 20.0) if output == "linear" else None
    network, arrays = made(
        outputs, scale, piecewise_linear_bins=piecewise_linear_bins, ensemble_size=ensemble_size, output=output,
        piecewise_linear_keep_numbers=keep,
    )  # fmt: skip
    if piecewise_linear_bins:
        layer = network.get_layer("piecewise_linear_bins")
        edges = np.sort(np.random.default_rng(4).normal(size=layer.edges.shape), axis=1)
        # One column has too few values for all of its pieces.
        edges[0, 3:] = edges[0, 3]
        layer.edges.assign(edges)
    check(network, arrays)


def test_many_rows_are_computed_in_parts(made: Made) -> None:
    network, arrays = made(rows=8192 + 3)
    check(network, arrays)


def test_only_embeddings_and_only_numbers_are_enough(fit: Fit, make_mixed_table: MakeTable) -> None:
    for column, encoding in (("shop", "embedding"), ("amount", "number"), ("open", "onehot")):
        table = make_mixed_table(1, 200)[[column]]
        preprocessor = fit(table, encoding={column: encoding})
        network = build_network(preprocessor, NetworkParameters(hidden=[4]))
        arrays = prepare_rows(table, preprocessor)
        found = NumpyNetwork(*describe_network(network))(arrays)
        np.testing.assert_allclose(found, make_predictor(network)(arrays), rtol=0, atol=1e-6)


def test_a_pass_that_was_written_gives_the_same(made: Made, tmp_path: Path) -> None:
    network, arrays = made(encoding={"shop": "embedding"}, activation="prelu")
    described = describe_network(network)
    save(*described, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"network.json", "network.npz"}
    np.testing.assert_array_equal(NumpyNetwork.load(tmp_path)(arrays), NumpyNetwork(*described)(arrays))


def test_what_numpy_does_not_know_is_left_to_keras(made: Made) -> None:
    import keras

    assert describe_network(made(activation="gelu")[0]) is None
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert describe_network(made()[0]) is None
    finally:
        keras.config.set_dtype_policy("float32")
    image = keras.Input((6, 6, 1))
    convolved = keras.layers.Flatten()(keras.layers.Conv2D(2, 3)(image))
    assert describe_network(keras.Model(image, keras.layers.Dense(1)(convolved))) is None
