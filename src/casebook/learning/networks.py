"""Networks by parameters: compact arrays in, dense features and embeddings inside, hidden layers, one output.

TensorFlow and Keras are imported when a network is built, so that the command line starts without them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.learning.backend import start_backend
from casebook.learning.preparation import NumberColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import keras

    from casebook.learning.preparation import Preparation
    from casebook.parameters import NetworkParameters


INPUTS = ("codes", "ids", "numbers")
PREDICTION_BATCH = 8192


def build_network(preparation: Preparation, parameters: NetworkParameters, outputs: int = 1) -> keras.Model:
    """Build the Keras model that takes prepared rows.

    Args:
        preparation: says which stored columns become dense features and which embeddings.
        parameters: the `training.network` block.
        outputs: width of the output layer.

    Returns:
        An uncompiled model with the inputs `codes` (uint8), `ids` (int32) and `numbers` (float32), each (rows, columns
        of the block), and the output (rows, outputs) in float32.
    """
    start_backend()
    import keras

    counts = {block: sum(c.block == block for c in preparation.columns) for block in ("codes", "ids", "numbers")}
    kinds = {"codes": "uint8", "ids": "int32", "numbers": "float32"}
    inputs = {block: keras.Input((counts[block],), dtype=kinds[block], name=block) for block in kinds}
    parts = (
        [_layers().Expansion(**expansion_tables(preparation), name="expansion")(inputs)] if preparation.dense else []
    )
    parts += [_embed(inputs, preparation, column.name, parameters) for column in preparation.embedded]
    values = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    for number, width in enumerate(parameters.hidden, 1):
        values = _hidden_layer(width, f"hidden_{number}", parameters)(values)
        values = _activate(values, parameters.activation)
        if parameters.dropout:
            values = keras.layers.Dropout(parameters.dropout)(values)
    # The output stays in float32 under mixed precision: losses near 0 or 1 need its bits.
    output = keras.layers.Dense(
        outputs,
        activation=parameters.output,
        kernel_initializer=parameters.initializer,
        bias_initializer=parameters.bias_initializer,
        dtype="float32",
        name="output",
    )
    return keras.Model(inputs, output(values))


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


def _embed(inputs: dict[str, Any], preparation: Preparation, name: str, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - a symbolic tensor
    """Look up one column's embedding; unknown values share row 0, which `unknown_share` trains."""
    import keras

    block, position = preparation.positions[name]
    column = next(c for c in preparation.embedded if c.name == name)
    settings = parameters.embedding
    ids = _layers().Pick(position, settings.unknown_share, name=f"pick_{name}")(inputs[block])
    embedding = keras.layers.Embedding(
        column.width + 1,
        settings.size or default_embedding_size(column.width),
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.05),
        embeddings_regularizer=keras.regularizers.L2(settings.l2) if settings.l2 else None,
        name=f"embedding_{name}",
    )
    values = embedding(ids)
    return keras.layers.Dropout(settings.dropout)(values) if settings.dropout else values


def default_embedding_size(categories: int) -> int:
    """Choose an embedding's width: 1.6 n^0.56, at most 64 (the rule of fastai's tabular models)."""
    return int(min(64, max(1, round(1.6 * categories**0.56))))


def expansion_tables(preparation: Preparation) -> dict[str, list[Any]]:
    """Give the constants of the expansion: where each dense column is stored, and how its features are scaled.

    Returns:
        `numbers` (block, position), `categories` (block, position, width), and per feature `scale` and `shift`.
    """
    numbers = [preparation.positions[c.name] for c in preparation.dense if isinstance(c, NumberColumn)]
    categories = [
        (*preparation.positions[c.name], c.width) for c in preparation.dense if not isinstance(c, NumberColumn)
    ]
    scale, shift = preparation.scale_and_shift()
    return {"numbers": numbers, "categories": categories, "scale": scale.tolist(), "shift": shift.tolist()}


def load_network(path: Path) -> keras.Model:
    """Load a saved network; it predicts but is not compiled."""
    start_backend()
    import keras

    # The layers are not in Keras's registry, which goes before these names: another version's would be found there.
    own = {layer.__name__: layer for layer in (_layers().Expansion, _layers().Pick)}
    return keras.saving.load_model(path, custom_objects=own, compile=False)


def make_predictor(network: keras.Model) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """Compile a network once for many predictions.

    Returns:
        A function of prepared rows; it gives float64 of shape (rows,) for one output, else (rows, outputs).
    """
    import tensorflow as tf

    forward = tf.function(lambda blocks: network(blocks, training=False), reduce_retracing=True)

    def predict_rows(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        starts = range(0, max(1, len(arrays["codes"])), PREDICTION_BATCH)
        slices = [{name: arrays[name][start : start + PREDICTION_BATCH] for name in INPUTS} for start in starts]
        outputs = np.concatenate([forward(blocks).numpy() for blocks in slices]).astype(np.float64)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    return predict_rows


def predict(network: keras.Model, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Predict prepared rows in their order; see `make_predictor`."""
    return make_predictor(network)(arrays)


@cache
def _layers() -> Any:  # noqa: ANN401 - a module
    # By this module's own package: inside a logged model that is the model's copy.
    return import_module(".layers", __package__)
