"""Layers of networks of texts; `numpy_texts` computes the same in NumPy. Importing this module imports TensorFlow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from casebook.models.numpy_texts import BUCKETS, find_grams, hash_grams, hash_pairs
from casebook.preprocessing.texts import PADDING, UNKNOWN

# Rows whose n-grams are counted at once.
CHUNK_ROWS = 1024
# An n-gram of fewer training texts says nothing: by it a network would only learn those texts by heart.
LEAST_TEXTS = 2


class WordNumbers(keras.layers.Layer):  # type: ignore[misc]  # Keras carries no types
    """Cast the numbers of words to int32; in training, mask a share of them as unknown, so that it is trained."""

    def __init__(self, category_dropout: float, **options: Any) -> None:  # noqa: ANN401 - Keras's own options
        """Store the share."""
        super().__init__(**options)
        self.category_dropout = category_dropout
        # One that is not needed would draw from the seed that the first weights are drawn by.
        self.seed_generator = keras.random.SeedGenerator() if category_dropout else None

    def call(self, tokens: Any, training: bool = False) -> Any:  # noqa: ANN401 - tensors
        """Cast and mask; padding stays padding."""
        numbers = ops.cast(tokens, "int32")
        if not training or self.seed_generator is None:
            return numbers
        kept = keras.random.uniform(ops.shape(numbers), seed=self.seed_generator) >= self.category_dropout
        return ops.where(kept, numbers, ops.minimum(numbers, UNKNOWN))

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), "category_dropout": self.category_dropout}


class HashedPairs(keras.layers.Layer):  # type: ignore[misc]
    """Hash n-grams with the words that follow them; see `numpy_texts.hash_pairs`."""

    def call(self, grams: Any, numbers: Any) -> Any:  # noqa: ANN401 - tensors
        """Hash."""
        return hash_pairs(grams, numbers)


class WordMeans(keras.layers.Layer):  # type: ignore[misc]
    """Compute the mean over the words of a text, and those over the first and over the last of them alone."""

    def __init__(self, ends: int = 0, **options: Any) -> None:  # noqa: ANN401 - Keras's own options
        """Store the number of first and last words; 0 for the mean of all alone."""
        super().__init__(**options)
        self.ends = ends

    def call(self, values: Any, numbers: Any) -> Any:  # noqa: ANN401 - tensors
        """Compute the means of values (rows, places, width); 0 without a word; (rows, width), or three times as wide.

        Padding is at the front: an n-gram whose first word is padding is padding.
        """
        places = values.shape[1]
        known = ops.cast(numbers[:, :places] > PADDING, values.dtype)
        parts = [known]
        if self.ends:
            first = known * ops.cast(ops.cumsum(known, axis=1) <= self.ends, values.dtype)
            missing = max(0, places - self.ends)
            parts += [first, ops.pad(known[:, missing:], [[0, 0], [missing, 0]])]
        return ops.concatenate([_mean(values, part) for part in parts], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        return {**super().get_config(), "ends": self.ends}


class WideGrams(keras.layers.Layer):  # type: ignore[misc]
    """Add up the weights of the distinct n-grams of a text, each scaled by what naive Bayes says of it.

    Input: word numbers (rows, length), filled up with 0 at the front. Output: (rows, outputs) in float32. Sources: the
    wide part of arXiv 1606.07792; scales of Wang and Manning, Baselines and Bigrams (2012).
    """

    def __init__(
        self,
        words: int,
        outputs: int,
        dropout: float = 0.0,
        l2: float = 0.0,
        **options: Any,  # noqa: ANN401 - Keras's own options
    ) -> None:
        """Store the settings.

        Args:
            words: of the longest n-grams.
            outputs: of the network.
            dropout: share of the n-grams that is left out in training.
            l2: penalty of the squares of the weights.
            options: Keras's own.
        """
        super().__init__(**{"autocast": False, "dtype": "float32", **options})
        self.words, self.outputs, self.dropout, self.l2 = words, outputs, dropout, l2
        self.seed_generator = keras.random.SeedGenerator() if dropout else None

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the scales, which `adapt` fills, and the weights, each (buckets, outputs)."""
        wide = (BUCKETS, self.outputs)
        # Place 0 stands for no n-gram.
        none = ops.one_hot(0, BUCKETS)[:, None]
        ones = lambda shape, dtype=None: ops.ones(shape, dtype) - ops.cast(none, dtype)  # noqa: E731
        self.scales = self.add_weight(wide, initializer=ones, trainable=False, name="scales")
        penalty = keras.regularizers.L2(self.l2) if self.l2 else None
        self.kernel = self.add_weight(wide, initializer="zeros", regularizer=penalty, name="kernel")
        super().build(shape)

    def adapt(self, tokens: np.ndarray, target: np.ndarray) -> None:
        """Compute the scales from training texts (rows, length) and their classes (rows,); see `log_count_ratios`."""
        counts = np.zeros((BUCKETS, int(target.max()) + 1))
        for start in range(0, len(tokens), CHUNK_ROWS):
            grams = find_grams(tokens[start : start + CHUNK_ROWS], self.words)
            rows, places = np.nonzero(grams)
            classes = target[start : start + CHUNK_ROWS].astype(np.int64)[rows]
            cells = np.bincount(grams[rows, places] * counts.shape[1] + classes, minlength=counts.size)
            counts += cells.reshape(counts.shape)
        ratios = log_count_ratios(counts, LEAST_TEXTS)
        self.scales.assign(ratios[:, -1:] if self.outputs == 1 else ratios)

    def call(self, tokens: Any, training: bool = False) -> Any:  # noqa: ANN401 - tensors
        """Look up and add."""
        numbers = tf.cast(tokens, tf.int64)
        grams = tf.sort(tf.concat(hash_grams(numbers, tf.cast(numbers > PADDING, tf.int64), self.words), 1), 1)
        # Of equal ones, which stand side by side, one counts.
        grams = tf.where(tf.pad(grams[:, 1:] == grams[:, :-1], [[0, 0], [1, 0]]), tf.zeros_like(grams), grams)
        values = _look_up(tf.convert_to_tensor(self.kernel), grams) * tf.gather(self.scales, grams)
        if training and self.seed_generator is not None:
            values = keras.random.dropout(values, self.dropout, seed=self.seed_generator)
        return tf.reduce_sum(values, axis=1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        """Return the output's shape: (rows, outputs)."""
        return (shape[0], self.outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that Keras rebuilds the layer from."""
        own = {"words": self.words, "outputs": self.outputs, "dropout": self.dropout, "l2": self.l2}
        return {**super().get_config(), **own}


def log_count_ratios(counts: np.ndarray, least: int) -> np.ndarray:
    """Compute for each n-gram and class the logarithm of its share in the class over that in the others.

    Args:
        counts: texts of each class that hold it, (buckets, classes).
        least: texts that an n-gram needs; others get 0.

    Returns:
        float32 of the shape of `counts`; 0 for bucket 0, which stands for no n-gram.
    """
    # One text more of each: a logarithm of 0 would be without end.
    inside, outside = counts + 1, counts.sum(axis=1, keepdims=True) - counts + 1
    ratios: np.ndarray = (np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))).astype(
        np.float32
    )
    ratios[counts.sum(axis=1) < least] = 0
    ratios[0] = 0
    return ratios


def _mean(values: Any, known: Any) -> Any:  # noqa: ANN401 - tensors
    total = ops.einsum("rlv,rl->rv", values, known)
    return total / ops.maximum(ops.sum(known, axis=1, keepdims=True), 1)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _look_up(table: Any, places: Any) -> Any:  # noqa: ANN401 - tensors
    """Gather rows of a table; the gradient is a whole table, which the optimiser applies in one kernel."""

    def gradient(of_rows: Any) -> tuple[Any, None]:  # noqa: ANN401 - tensors
        width = tf.shape(table)[1]
        flat = tf.reshape(of_rows, (-1, width)), tf.reshape(places, (-1,))
        return tf.math.unsorted_segment_sum(*flat, tf.shape(table)[0]), None

    return tf.gather(table, places), gradient
