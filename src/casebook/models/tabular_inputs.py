"""The layers before the hidden layers of a network of columns: dense features and embeddings."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from casebook.preprocessing.tabular import BLOCK_TYPES, NumberColumn, expand_dense

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    import numpy as np

    from casebook.config.schema import NetworkParameters
    from casebook.preprocessing.tabular import TabularPreprocessor

PIECEWISE_LAYER = "piecewise_linear_bins"
REFUSED_CHARACTERS = re.compile(r"[^A-Za-z0-9_.\-]")
# Bin edges are computed from at most so many training rows.
MAX_BIN_ROWS = 100_000


def column_inputs(preprocessor: TabularPreprocessor, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build inputs, expansion and embeddings.

    Returns:
        The inputs `codes` (uint8), `ids` (int32) and `numbers` (float32), each (rows, columns of the block), and the
        tensor of dense features and embeddings (rows, width).
    """
    import keras

    counts = {block: sum(c.block == block for c in preprocessor.columns) for block in BLOCK_TYPES}
    inputs = {
        str(block): keras.Input((counts[block],), dtype=kind.__name__, name=block)
        for block, kind in BLOCK_TYPES.items()
    }
    parts = [dense_features(inputs, preprocessor, parameters)] if preprocessor.dense else []
    parts += [embed_column(inputs, preprocessor, column.name, parameters) for column in preprocessor.embedded]
    return inputs, keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]


def dense_features(inputs: dict[str, Any], preprocessor: TabularPreprocessor, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - a symbolic tensor
    """Expand the dense columns, and encode their numbers by bins where parameters ask for it; (rows, features)."""
    dense = custom_layers().TabularExpansion(**expansion_tables(preprocessor), name="expansion")(inputs)
    numbers = sum(isinstance(column, NumberColumn) for column in preprocessor.dense)
    if parameters.piecewise_linear_bins and numbers:
        kept = {"keep_numbers": parameters.piecewise_linear_keep_numbers, "name": PIECEWISE_LAYER}
        return custom_layers().PiecewiseLinearEncoding(numbers, parameters.piecewise_linear_bins, **kept)(dense)
    return dense


def embed_column(
    inputs: dict[str, Any], preprocessor: TabularPreprocessor, name: str, parameters: NetworkParameters
) -> Any:  # noqa: ANN401 - a symbolic tensor
    """Embed one column; unknown values share row 0, which `category_dropout` trains. Output: (rows, width)."""
    import keras

    block, position = preprocessor.positions[name]
    column = next(c for c in preprocessor.embedded if c.name == name)
    settings = parameters.embedding
    # TensorFlow's scopes take few characters; a column of others keeps what it can, and its place tells it apart.
    plain = REFUSED_CHARACTERS.sub("_", name)
    name = name if plain == name else f"{plain}_{block}_{position}"
    ids = custom_layers().CategoryLookup(position, settings.category_dropout, name=f"pick_{name}")(inputs[block])
    embedding = keras.layers.Embedding(
        column.size + 1,
        settings.size or default_embedding_size(column.size),
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.05),
        embeddings_regularizer=keras.regularizers.L2(settings.l2) if settings.l2 else None,
        name=f"embedding_{name}",
    )
    values = embedding(ids)
    return keras.layers.Dropout(settings.dropout)(values) if settings.dropout else values


def default_embedding_size(categories: int) -> int:
    """Compute an embedding's width: 1.6 n^0.56, at most 64.

    Source: `emb_sz_rule` of fastai's tabular models.
    """
    return int(min(64, max(1, round(1.6 * categories**0.56))))


def expansion_tables(preprocessor: TabularPreprocessor) -> dict[str, list[Any]]:
    """Compute the constants of the expansion: block and position of each dense column, scale and shift of each feature.

    Returns:
        `numbers` (block, position), `categories` (block, position, size, left out), by feature `scale` and `shift`.
    """
    numbers = [preprocessor.positions[c.name] for c in preprocessor.dense if isinstance(c, NumberColumn)]
    categories = [
        (*preprocessor.positions[c.name], c.size, c.left_out)
        for c in preprocessor.dense
        if not isinstance(c, NumberColumn)
    ]
    scale, shift = preprocessor.scale_and_shift()
    return {"numbers": numbers, "categories": categories, "scale": scale.tolist(), "shift": shift.tolist()}


def adapt_piecewise_linear(
    network: keras.Model, train: Mapping[str, np.ndarray], preprocessor: TabularPreprocessor, capped: bool = False
) -> None:
    """Adapt the bin edges of a piecewise linear encoding to the training rows; other networks are unchanged.

    Args:
        network: changed in place.
        train: prepared training rows.
        preprocessor: what they were prepared with.
        capped: see `layers.compute_bin_edges`.
    """
    encoding = next((layer for layer in network.layers if layer.name == PIECEWISE_LAYER), None)
    if encoding is not None:
        every = max(1, len(train["codes"]) // MAX_BIN_ROWS)
        rows = {str(block): train[block][::every] for block in BLOCK_TYPES}
        encoding.adapt(expand_dense(rows, preprocessor), capped)


@cache
def custom_layers() -> Any:  # noqa: ANN401 - a module
    """Import the project's own Keras layers, on first use."""
    # By this module's own package: inside a logged model that is the model's copy.
    return import_module(".layers", __package__)


@cache
def ensemble_layers() -> Any:  # noqa: ANN401 - a module
    """Import the layers of an ensemble inside one network, on first use."""
    return import_module(".ensemble_layers", __package__)


@cache
def tree_layers() -> Any:  # noqa: ANN401 - a module
    """Import the layer of boosted trees, on first use."""
    return import_module(".tree_layers", __package__)
