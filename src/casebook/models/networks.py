"""Networks by parameters: inputs by modality, hidden layers, one output.

TensorFlow and Keras are imported when a network is built, so that the command line starts without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.models.input_layers import network_inputs
from casebook.models.network_ensemble import BOOSTED_TREES, plain_name
from casebook.models.tabular_inputs import custom_layers, ensemble_layers, tree_layers
from casebook.models.text_encoder import text_layers, wide_values
from casebook.preprocessing.texts import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import keras

    from casebook.config.schema import NetworkParameters
    from casebook.preprocessing.modality import Preprocessor

PREDICTION_BATCH_ROWS = 8192
# Rows of images and texts are a hundred times larger inside a network.
LARGE_PREDICTION_BATCH_ROWS = 512
TARGET_SCALE = "target_scale"


def build_network(
    preprocessor: Preprocessor,
    parameters: NetworkParameters,
    outputs: int = 1,
    target_scale: tuple[str, float, float] | None = None,
) -> keras.Model:
    """Build the Keras model that takes prepared rows.

    Args:
        preprocessor: names the input arrays and their encoding.
        parameters: the `training.network` block.
        outputs: width of the output layer.
        target_scale: kind, mean and deviation of a regression's target, see `layers.TargetScale`.

    Returns:
        An uncompiled model with an input for each prepared array and the output (rows, outputs) in float32.
    """
    start_tensorflow()
    import keras

    inputs, values = network_inputs(preprocessor, parameters)
    if parameters.ensemble_size > 1:
        values = ensemble_layers().EnsembleView(parameters.ensemble_size, name="ensemble_view")(values)
    for number, width in enumerate(parameters.hidden, 1):
        values = _hidden_layer(width, f"hidden_{number}", parameters)(values)
        values = _activate(values, parameters.activation)
        if parameters.dropout:
            values = keras.layers.Dropout(parameters.dropout)(values)
    if parameters.encoder.wide_words and TOKENS in inputs:
        values = keras.layers.Concatenate(name="deep_and_wide")([values, wide_values(inputs, parameters, outputs)])
    output = _output_layer(outputs, parameters)(values)
    if target_scale:
        output = custom_layers().TargetScale(*target_scale, name=TARGET_SCALE)(output)
    if parameters.ensemble_size > 1:
        output = ensemble_layers().EnsembleMean(parameters.ensemble_size, dtype="float32", name="ensemble_mean")(output)
    return keras.Model(inputs, output)


def _output_layer(outputs: int, parameters: NetworkParameters) -> keras.layers.Layer:
    import keras

    # The output stays in float32 under mixed precision: losses near 0 or 1 need its bits.
    options = {
        "activation": parameters.output,
        "kernel_initializer": parameters.initializer,
        "bias_initializer": parameters.bias_initializer,
        "dtype": "float32",
        "name": "output",
    }
    if parameters.ensemble_size > 1:
        return ensemble_layers().LinearEnsemble(parameters.ensemble_size, outputs, **options)
    return keras.layers.Dense(outputs, **options)


def _hidden_layer(width: int, name: str, parameters: NetworkParameters) -> keras.layers.Layer:
    import keras

    penalty = keras.regularizers.L1L2(parameters.l1, parameters.l2) if parameters.l1 or parameters.l2 else None
    return keras.layers.Dense(
        width,
        kernel_initializer=parameters.initializer,
        bias_initializer=parameters.bias_initializer,
        kernel_regularizer=penalty,
        name=name,
    )


def _activate(values: Any, name: str) -> Any:  # noqa: ANN401 - a symbolic tensor, which Keras leaves untyped
    import keras

    if name == "prelu":
        return keras.layers.PReLU()(values)
    return keras.layers.Activation(name)(values)


def task_of_network(network: keras.Model) -> str:
    """Return a network's task by its output layer, or by the first one's of several.

    Returns:
        `regression` for a linear output, `binary` for a sigmoid or two softmax outputs, else `multiclass`.
    """
    outputs = (layer for layer in network.layers if plain_name(layer.name) in {"output", BOOSTED_TREES})
    activation = next(outputs).activation.__name__
    if activation == "linear":
        return "regression"
    return "multiclass" if network.output_shape[-1] > 2 else "binary"


def load_network(path: Path) -> keras.Model:
    """Load a saved network.

    Args:
        path: of the `.keras` file.

    Returns:
        The network with its weights; not compiled, so that it predicts but does not train.
    """
    start_tensorflow()
    import keras

    # The layers are not in Keras's registry, which goes before these names: another version's would be found there.
    layers, ensemble = custom_layers(), ensemble_layers()
    tabular_layers = (
        layers.TabularExpansion,
        layers.CategoryLookup,
        layers.PiecewiseLinearEncoding,
        layers.TargetScale,
    )
    texts = text_layers()
    own_text_layers = (texts.WordNumbers, texts.HashedPairs, texts.WordMeans, texts.WideGrams)
    own_ensemble_layers = (
        ensemble.EnsembleView,
        ensemble.LinearEnsemble,
        ensemble.EnsembleMean,
        ensemble.WeightedMean,
        tree_layers().TreeEnsemble,
    )
    own = {layer.__name__: layer for layer in (*tabular_layers, *own_ensemble_layers, *own_text_layers)}
    return keras.saving.load_model(path, custom_objects=own, compile=False)


def make_predictor(network: keras.Model) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """Compile a network once for many predictions.

    Returns:
        A function of prepared rows; it returns float64 of shape (rows,) for one output, else (rows, outputs).
    """
    import tensorflow as tf

    forward = tf.function(lambda blocks: network(blocks, training=False), reduce_retracing=True)
    names = list(network.input)
    batch = prediction_batch(names)

    def predict_rows(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        starts = range(0, max(1, len(arrays[names[0]])), batch)
        slices = [{name: arrays[name][start : start + batch] for name in names} for start in starts]
        outputs = np.concatenate([forward(blocks).numpy() for blocks in slices]).astype(np.float64)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    return predict_rows


def prediction_batch(names: list[str]) -> int:
    """Return how many rows with these arrays are predicted at once."""
    return PREDICTION_BATCH_ROWS if "codes" in names else LARGE_PREDICTION_BATCH_ROWS
