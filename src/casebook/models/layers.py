"""The project's own Keras layers. Importing this module imports TensorFlow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from casebook.models.bin_edges import compute_bin_edges
from casebook.models.numpy_network import scale_numbers, soften


class TabularExpansion(keras.layers.Layer):  # type: ignore[misc]  # Keras carries no types
    """Expand stored codes and numbers into scaled dense features.

    Input: the blocks `codes` uint8, `ids` int32 and `numbers` float32, each (rows, columns). Output: (rows, features)
    in the layer's compute type, the numbers before the indicators of categories. See `networks.expansion_tables`.
    """

    def __init__(
        self,
        numbers: list[tuple[str, int]],
        categories: list[tuple[str, int, int, int]],
        scale: list[float],
        shift: list[float],
        **options: Any,  # noqa: ANN401 - Keras's own layer options
    ) -> None:
        """Store the constants; nothing here is trained.

        Args:
            numbers: block and position of each number.
            categories: block, position, number of known values of each category column, and how many of the first of
                them have no feature.
            scale: of each feature.
            shift: of each feature; feature = stored value or indicator * scale + shift.
            options: Keras's own.
        """
        # Under mixed precision inputs would be cut to 16 bits before they are scaled.
        super().__init__(**{"autocast": False, **options})
        self.settings: dict[str, Any] = {"numbers": numbers, "categories": categories, "scale": scale, "shift": shift}

    def build(self, shapes: dict[str, tuple[int | None, ...]]) -> None:
        """Build the selection of numbers and, for each category column, the scaled indicators of every code."""
        numbers, scale, shift = (
            self.settings["numbers"],
            *map(np.asarray, (self.settings["scale"], self.settings["shift"])),
        )
        codes = int(shapes["codes"][-1] or 0)
        self.selection = np.zeros((codes + int(shapes["numbers"][-1] or 0), len(numbers)), np.float32)
        for feature, (block, position) in enumerate(numbers):
            self.selection[position + codes * (block == "numbers"), feature] = 1
        self.number_terms = scale_numbers(scale[: len(numbers)], shift[: len(numbers)])
        self.lookups = []
        first = len(numbers)
        for block, position, size, left_out in self.settings["categories"]:
            # Row 0 and, in a block of bytes, those after the known values have no indicator set.
            width = size - left_out
            rows = np.eye(256 if block == "codes" else size + 1, width, k=-1 - left_out)
            mine = slice(first, first + width)
            self.lookups.append((block, position, (rows * scale[mine] + shift[mine]).astype(np.float32)))
            first += width
        super().build(shapes)

    def call(self, blocks: dict[str, Any]) -> Any:  # noqa: ANN401 - tensors
        """Select and scale the numbers, look up a row for each category."""
        stored = tf.concat([tf.cast(blocks["codes"], tf.float32), blocks["numbers"]], axis=1)
        zero, scale, shift = self.number_terms
        # Each product has one term that is not 0, so it is exact; gathering single columns takes ten times as long.
        parts = [(tf.matmul(stored, self.selection) - zero) * scale + shift]
        parts += [tf.gather(rows, tf.cast(blocks[block][:, place], tf.int32)) for block, place, rows in self.lookups]
        return tf.cast(tf.concat(parts, axis=1), self.compute_dtype)

    def compute_output_shape(self, shapes: dict[str, tuple[int | None, ...]]) -> tuple[int | None, int]:
        """Return the output's shape: (rows, features)."""
        return (shapes["codes"][0], len(self.settings["scale"]))

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), **self.settings}


class CategoryLookup(keras.layers.Layer):  # type: ignore[misc]
    """Select one column of a block as category numbers; in training, mask a share of the values as unknown (0)."""

    def __init__(self, position: int, category_dropout: float, **options: Any) -> None:  # noqa: ANN401 - Keras's options
        """Store the column's position in its block and the share that is masked in training."""
        super().__init__(**options)
        self.position = position
        self.category_dropout = category_dropout
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, block: Any, training: bool = False) -> Any:  # noqa: ANN401 - tensors
        """Select int32 category numbers of shape (rows,)."""
        ids = tf.cast(block[:, self.position], tf.int32)
        if not training or not self.category_dropout:
            return ids
        kept = keras.random.uniform(tf.shape(ids), seed=self.seed_generator) >= self.category_dropout
        return tf.where(kept, ids, 0)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None]:
        """Return the output's shape: (rows,)."""
        return (shape[0],)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), "position": self.position, "category_dropout": self.category_dropout}


class PiecewiseLinearEncoding(keras.layers.Layer):  # type: ignore[misc]
    """Encode numbers by bins: each becomes its position, 0 to 1, within each of its bins.

    Input (rows, features), of which the first are numbers; output (rows, numbers * bins + other features), and where
    numbers are kept those before it. A dense layer after it computes any function of one number that is linear within
    each bin, and no value is extreme. Source: the piecewise linear encoding of arXiv 2203.05556.
    """

    def __init__(
        self,
        numbers: int,
        piecewise_linear_bins: int,
        keep_numbers: bool = False,
        **options: Any,  # noqa: ANN401 - Keras's own options
    ) -> None:
        """Store the number of numeric features, and of bins for each.

        Args:
            numbers: how many of the features are such.
            piecewise_linear_bins: for each.
            keep_numbers: whether they are also features themselves, drawn in by `soften`: only so a value beyond those
                of the training differs from the largest of them.
            options: Keras's own.
        """
        super().__init__(**options)
        self.numbers = numbers
        self.piecewise_linear_bins = piecewise_linear_bins
        self.keep_numbers = keep_numbers

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the weights of the bin edges, which `adapt` fills; shape (numbers, bins + 1)."""
        edges = (self.numbers, self.piecewise_linear_bins + 1)
        self.edges = self.add_weight(edges, initializer="zeros", trainable=False, name="edges")
        super().build(shape)

    def adapt(self, features: np.ndarray, capped: bool = False) -> None:
        """Compute bin edges from training rows (rows, features); see `compute_bin_edges`."""
        columns = features.T[: self.numbers]
        self.edges.assign(
            np.stack([compute_bin_edges(values, self.piecewise_linear_bins, capped) for values in columns])
        )

    def call(self, features: Any) -> Any:  # noqa: ANN401 - tensors
        """Encode the numbers and append the other features."""
        lower, upper = self.edges[:, :-1], self.edges[:, 1:]
        position = tf.math.divide_no_nan(features[:, : self.numbers, None] - lower, upper - lower)
        encoded = tf.reshape(tf.clip_by_value(position, 0.0, 1.0), (-1, self.numbers * self.piecewise_linear_bins))
        kept = [soften(features[:, : self.numbers])] if self.keep_numbers else []
        return tf.concat([*kept, encoded, features[:, self.numbers :]], axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        """Return the output's shape: (rows, numbers * bins + other features, with the numbers where they are kept)."""
        of_number = self.piecewise_linear_bins - 1 + self.keep_numbers
        return (shape[0], int(shape[1] or 0) + self.numbers * of_number)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        own = {name: getattr(self, name) for name in ("numbers", "piecewise_linear_bins", "keep_numbers")}
        return {**super().get_config(), **own}


class TargetScale(keras.layers.Layer):  # type: ignore[misc]
    """Convert a network's scaled output to the target's units; training computes its loss in the scaled form."""

    def __init__(self, kind: str, mean: float, deviation: float, **options: Any) -> None:  # noqa: ANN401 - Keras's options
        """Store the scale.

        Args:
            kind: `standard`, or `log` for the logarithm of 1 + target.
            mean: of the training rows' target, or of its logarithm.
            deviation: likewise.
            options: Keras's own.
        """
        super().__init__(**{"autocast": False, **options})
        self.kind = kind
        self.mean = mean
        self.deviation = deviation

    def call(self, scaled: Any) -> Any:  # noqa: ANN401 - tensors
        """Convert scaled outputs to the target's units."""
        values = tf.cast(scaled, tf.float32) * self.deviation + self.mean
        # An untrained network's output must not overflow.
        return tf.math.expm1(tf.clip_by_value(values, -10.0, 40.0)) if self.kind == "log" else values

    def scale(self, values: Any) -> Any:  # noqa: ANN401 - tensors
        """Scale values in the target's units: mean 0 and deviation 1 over the training rows."""
        values = tf.cast(values, tf.float32)
        values = tf.math.log1p(tf.maximum(values, -0.9999)) if self.kind == "log" else values
        return (values - self.mean) / self.deviation

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the output's shape, which is the input's."""
        return shape

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), "kind": self.kind, "mean": self.mean, "deviation": self.deviation}
