"""The project's own Keras layers. Importing this module imports TensorFlow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


class Expansion(keras.layers.Layer):  # type: ignore[misc]  # Keras carries no types
    """Expand stored codes and numbers into scaled dense features.

    Input: the blocks `codes` uint8, `ids` int32 and `numbers` float32, each (rows, columns). Output: (rows, features)
    in the layer's compute type. Constants come from `networks.expansion_tables`.
    """

    def __init__(
        self,
        code_columns: list[int],
        code_values: list[int],
        id_columns: list[int],
        id_values: list[int],
        number_columns: list[int],
        order: list[int],
        scale: list[float],
        shift: list[float],
        **options: Any,  # noqa: ANN401 - Keras's own layer options
    ) -> None:
        """Keep the constants; nothing here is trained."""
        # Under mixed precision inputs would be cut to 16 bits before they are scaled.
        super().__init__(**{"autocast": False, **options})
        self.tables: dict[str, list[Any]] = {
            "code_columns": code_columns,
            "code_values": code_values,
            "id_columns": id_columns,
            "id_values": id_values,
            "number_columns": number_columns,
            "order": order,
            "scale": scale,
            "shift": shift,
        }

    def call(self, blocks: dict[str, Any]) -> Any:  # noqa: ANN401 - tensors
        """Gather every feature's stored value, turn category codes into indicators, scale."""
        tables = self.tables
        parts = [
            self._indicate(blocks["codes"], tables["code_columns"], tables["code_values"], np.uint8),
            self._indicate(blocks["ids"], tables["id_columns"], tables["id_values"], np.int32),
            tf.gather(blocks["numbers"], np.asarray(tables["number_columns"], np.int32), axis=1),
        ]
        stored = tf.concat(parts, axis=1)
        if tables["order"] != sorted(tables["order"]):
            stored = tf.gather(stored, np.asarray(tables["order"], np.int32), axis=1)
        scale, shift = np.asarray(tables["scale"]), np.asarray(tables["shift"])
        # What stands for a feature of 0 is taken off first, exactly: large float32 products would leave too few digits.
        zero = np.rint(-shift / scale).astype(np.float32)
        features = (stored - zero) * scale.astype(np.float32) + (shift + zero * scale).astype(np.float32)
        return tf.cast(features, self.compute_dtype)

    @staticmethod
    def _indicate(block: Any, columns: list[int], values: list[int], kind: type) -> Any:  # noqa: ANN401 - tensors
        """Give numbers as they are stored and categories as 0 or 1."""
        numeric = np.asarray(values) < 0
        gathered = tf.gather(block, np.asarray(columns, np.int32), axis=1)
        indicator = tf.cast(gathered == np.where(numeric, 0, values).astype(kind), tf.float32)
        if not numeric.any():
            return indicator
        return tf.where(numeric[None, :], tf.cast(gathered, tf.float32), indicator)

    def compute_output_shape(self, shapes: dict[str, tuple[int | None, ...]]) -> tuple[int | None, int]:
        """Give (rows, features)."""
        return (shapes["codes"][0], len(self.tables["scale"]))

    def get_config(self) -> dict[str, Any]:
        """Give what rebuilds the layer."""
        return {**super().get_config(), **self.tables}


class Pick(keras.layers.Layer):  # type: ignore[misc]
    """Take one column of a block as category numbers; in training, show a share of the values as unknown (0)."""

    def __init__(self, position: int, unknown_share: float, **options: Any) -> None:  # noqa: ANN401 - Keras's options
        """Keep the column's position and the share."""
        super().__init__(**options)
        self.position = position
        self.unknown_share = unknown_share
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, block: Any, training: bool = False) -> Any:  # noqa: ANN401 - tensors
        """Give int32 category numbers of shape (rows,)."""
        ids = tf.cast(block[:, self.position], tf.int32)
        if not training or not self.unknown_share:
            return ids
        kept = keras.random.uniform(tf.shape(ids), seed=self.seed_generator) >= self.unknown_share
        return tf.where(kept, ids, 0)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None]:
        """Give (rows,)."""
        return (shape[0],)

    def get_config(self) -> dict[str, Any]:
        """Give what rebuilds the layer."""
        return {**super().get_config(), "position": self.position, "unknown_share": self.unknown_share}
