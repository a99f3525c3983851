"""Boosted trees as a layer of a network. Importing this module imports TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from casebook.models.tree_tables import TABLE_TYPES, descend_groups

if TYPE_CHECKING:
    from collections.abc import Mapping


class TreeEnsemble(keras.layers.Layer):  # type: ignore[misc]  # Keras carries no types
    """Predict with boosted trees that were fitted elsewhere: nothing here is trained.

    Input: the blocks `codes` uint8, `ids` int32 and `numbers` float32, each (rows, columns). Output: (rows, outputs) in
    float32, the probabilities of classes or the target in its units. The weights are those of `TreeTables`.
    """

    def __init__(
        self,
        shapes: Mapping[str, list[int]],
        moving: list[list[int]],
        outputs: int,
        activation: str,
        target_scale: str = "none",
        **options: Any,  # noqa: ANN401 - Keras's own layer options
    ) -> None:
        """Store what the tables do not hold.

        Args:
            shapes: of the tables by name.
            moving: see `TreeTables`.
            outputs: 1, or the number of classes; 2 of a sigmoid are both classes' probabilities.
            activation: see `TreeTables`.
            target_scale: see `TreeTables`.
            options: Keras's own.
        """
        # Under mixed precision inputs would be cut to 16 bits before they are compared.
        super().__init__(**{"autocast": False, "dtype": "float32", **options})
        self.settings: dict[str, Any] = {
            "shapes": {name: list(shape) for name, shape in shapes.items()},
            "moving": [list(levels) for levels in moving],
            "outputs": outputs, "activation": activation, "target_scale": target_scale,
        }  # fmt: skip
        self.activation = keras.activations.get(activation)

    def build(self, _shapes: Any) -> None:  # noqa: ANN401 - by block
        """Create the tables, empty until they are set."""
        self.tables = {
            name: self.add_weight(
                self.settings["shapes"][name],
                dtype=kind,
                initializer="zeros",
                trainable=False,
                autocast=False,
                name=name,
            )
            for name, kind in TABLE_TYPES.items()
        }
        super().build(_shapes)

    def set_tables(self, arrays: Mapping[str, Any]) -> None:
        """Set the tables, by name."""
        for name, table in self.tables.items():
            table.assign(arrays[name])

    def call(self, blocks: dict[str, Any]) -> Any:  # noqa: ANN401 - tensors
        """Replace values by ranks, send rows down the trees and sum up the leaves."""
        tables = {name: tf.convert_to_tensor(table) for name, table in self.tables.items()}
        tables["turns"] = tf.cast(tables["turns"], tf.int32)
        features = tf.concat([tf.cast(blocks[name], tf.float32) for name in ("codes", "ids", "numbers")], axis=1)
        rows, columns = tf.shape(features)[0], int(features.shape[1])
        ranks = tf.transpose(tf.searchsorted(tables["edges"], tf.transpose(features)))
        ranks = tf.where(tf.math.is_nan(features), tables["missing_ranks"], ranks)
        places = tf.range(rows)[None, :] * columns
        sums = tf.zeros((rows, self.settings["shapes"]["classes"][1]), tf.float64)
        flat, moving = tf.reshape(ranks, [-1]), self.settings["moving"]
        groups = descend_groups(tf.gather, lambda parts: tf.concat(parts, axis=0), tables, flat, places, moving)
        for values, trees in groups:
            sums += tf.matmul(values, tables["classes"][trees], transpose_a=True)
        outputs = self.activation(sums)
        if self.settings["target_scale"] == "log":
            outputs = tf.math.expm1(outputs)
        if self.settings["shapes"]["classes"][1] < self.settings["outputs"]:
            outputs = tf.concat([1 - outputs, outputs], axis=1)
        return tf.cast(outputs, tf.float32)

    def compute_output_shape(self, shapes: dict[str, tuple[int | None, ...]]) -> tuple[int | None, int]:
        """Return the output's shape: (rows, outputs)."""
        return (shapes["codes"][0], int(self.settings["outputs"]))

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), **self.settings}
