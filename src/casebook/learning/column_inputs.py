"""What stands before the hidden layers of a network that takes columns: dense features and embeddings."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from casebook.learning.preparation import BLOCK_TYPES, NumberColumn

if TYPE_CHECKING:
    from casebook.learning.preparation import Preparation
    from casebook.parameters import NetworkParameters


def column_inputs(preparation: Preparation, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build inputs, expansion and embeddings.

    Returns:
        The inputs `codes` (uint8), `ids` (int32) and `numbers` (float32), each (rows, columns of the block), and the
        tensor of dense features and embeddings (rows, width).
    """
    import keras

    counts = {block: sum(c.block == block for c in preparation.columns) for block in BLOCK_TYPES}
    inputs = {
        str(block): keras.Input((counts[block],), dtype=kind.__name__, name=block)
        for block, kind in BLOCK_TYPES.items()
    }
    parts = (
        [own_layers().Expansion(**expansion_tables(preparation), name="expansion")(inputs)] if preparation.dense else []
    )
    parts += [embed_column(inputs, preparation, column.name, parameters) for column in preparation.embedded]
    return inputs, keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]


def embed_column(inputs: dict[str, Any], preparation: Preparation, name: str, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - a symbolic tensor
    """Look up one column's embedding; unknown values share row 0, which `unknown_share` trains."""
    import keras

    block, position = preparation.positions[name]
    column = next(c for c in preparation.embedded if c.name == name)
    settings = parameters.embedding
    ids = own_layers().Pick(position, settings.unknown_share, name=f"pick_{name}")(inputs[block])
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
    """Choose an embedding's width: 1.6 n^0.56, at most 64 (the rule of fastai's tabular models)."""
    return int(min(64, max(1, round(1.6 * categories**0.56))))


def expansion_tables(preparation: Preparation) -> dict[str, list[Any]]:
    """Give the constants of the expansion: where each dense column is stored, and how its features are scaled.

    Returns:
        `numbers` (block, position), `categories` (block, position, size, left out), by feature `scale` and `shift`.
    """
    numbers = [preparation.positions[c.name] for c in preparation.dense if isinstance(c, NumberColumn)]
    categories = [
        (*preparation.positions[c.name], c.size, c.left_out)
        for c in preparation.dense
        if not isinstance(c, NumberColumn)
    ]
    scale, shift = preparation.scale_and_shift()
    return {"numbers": numbers, "categories": categories, "scale": scale.tolist(), "shift": shift.tolist()}


@cache
def own_layers() -> Any:  # noqa: ANN401 - a module
    """Import the project's own Keras layers."""
    # By this module's own package: inside a logged model that is the model's copy.
    return import_module(".layers", __package__)
