"""Running an epoch inside TensorFlow: rows are picked and steps repeated there, Python looks in now and then.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from casebook.models.networks import prediction_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import keras

    from casebook.preprocessing.tabular import Arrays

    # Targets (rows,) and outputs (rows, outputs) -> a score a metric.
    Score = Callable[[np.ndarray, np.ndarray], dict[str, float]]

# Python looks in once in so many steps, or rows where batches are small: signals and the progress bar wait for it.
STEPS_AT_ONCE, ROWS_AT_ONCE = 64, 65_536


def count_steps(rows: int, batch_size: int) -> int:
    """Count the batches of an epoch: no batch is larger than `batch_size`, and they are of nearly equal size."""
    return math.ceil(rows / batch_size)


def plan_epoch(rows: int, steps: int) -> Iterator[tuple[int, int, int]]:
    """Plan an epoch: every row comes once, first in batches that are one row larger, then in the others.

    Yields:
        First row, number of batches and rows a batch of what is run at once.
    """
    larger, size = rows % steps, rows // steps
    first = 0
    for count, width in ((larger, size + 1), (steps - larger, size)):
        at_once = max(STEPS_AT_ONCE, ROWS_AT_ONCE // width)
        for start in range(0, count, at_once):
            some = min(at_once, count - start)
            yield first, some, width
            first += some * width


def shuffle_rows(rows: int, seed: int, epoch: int) -> np.ndarray:
    """Give the order of an epoch's rows, which depends on (seed, epoch) alone; int32 of shape (rows,)."""
    return np.random.default_rng([seed, epoch]).permutation(np.arange(rows, dtype=np.int32))


def input_names(arrays: Arrays) -> list[str]:
    """Name the arrays that go into a network."""
    return [name for name in arrays if name != "target"]


class EpochRunner:
    """Trains and validates a compiled network epoch by epoch."""

    def __init__(
        self, network: keras.Model, train: Arrays, validation: Arrays, steps: int, score: Score | None = None
    ) -> None:
        """Put the rows where TensorFlow reads them and prepare what is repeated.

        Args:
            network: compiled.
            train: prepared training rows with `target`.
            validation: prepared validation rows with `target`; may be empty.
            steps: of an epoch.
            score: computes the metrics of an epoch's outputs; without one there is the loss alone.
        """
        self.network, self.steps, self._score = network, steps, score
        self._targets = train["target"], validation["target"]
        self.rows = len(train["target"])
        self._build(train)
        # Kept here, not returned: TensorFlow rewrites the arithmetic of functions that return anything, to other bits.
        self._outputs = [tf.Variable(tf.zeros((len(t), network.output_shape[-1]))) for t in self._targets]
        self._loss = next(metric for metric in network.metrics if metric.name == "loss")
        self._advance = self._make_advance(_as_tensors(train))
        self._validate = self._make_validate(_as_tensors(validation)) if len(validation["target"]) else None
        self._read = tf.function(self._read_loss, autograph=False)
        network.reset_metrics()

    def train(self, seed: int, epoch: int, advanced: Callable[[int], None]) -> dict[str, float]:
        """Train one epoch.

        Args:
            seed: of the order of rows.
            epoch: counted from 0.
            advanced: hears how many steps were done.

        Returns:
            `loss` and the metrics, of the outputs that the epoch's steps computed.
        """
        rows = shuffle_rows(self.rows, seed, epoch)
        order = tf.constant(rows)
        for first, count, size in plan_epoch(self.rows, self.steps):
            self._advance(order, tf.constant(first), tf.constant(count), tf.constant(size))
            advanced(count)
        return self._measure(self._targets[0][rows], self._outputs[0])

    def validate(self) -> dict[str, float]:
        """Measure `loss` and the metrics on the validation rows; nothing without such rows."""
        if self._validate is None:
            return {}
        self._validate()
        return self._measure(self._targets[1], self._outputs[1])

    def _build(self, train: Arrays) -> None:
        """Create all variables of metrics and optimiser: TensorFlow forbids it within repeated steps."""
        first = {name: values[:1] for name, values in train.items()}
        self.network.test_step(_inputs_and_target({name: tf.constant(values) for name, values in first.items()}))
        self.network.optimizer.build(self.network.trainable_variables)

    def _make_advance(self, blocks: dict[str, tf.Tensor]) -> Callable[..., None]:
        network, weights = self.network, self.network.trainable_variables

        # XLA would take longer to compile such a loop than it saves.
        def advance(order: tf.Tensor, first: tf.Tensor, count: tf.Tensor, size: tf.Tensor) -> None:
            def step(number: tf.Tensor, total: tf.Tensor, seen: tf.TensorArray) -> tuple[Any, ...]:
                index = tf.slice(order, [first + number * size], [size])
                inputs, target = _inputs_and_target({name: tf.gather(block, index) for name, block in blocks.items()})
                with tf.GradientTape() as tape:
                    outputs = network(inputs, training=True)
                    loss = network.compute_loss(inputs, target, outputs, training=True)
                    scaled = network.optimizer.scale_loss(loss)
                network.optimizer.apply_gradients(zip(tape.gradient(scaled, weights), weights, strict=True))
                return number + 1, total + loss, seen.write(number, tf.cast(outputs, tf.float32))

            # Judged all at once: batch by batch takes as long as training where batches are small.
            seen = tf.TensorArray(tf.float32, count, element_shape=(None, network.output_shape[-1]))
            _, total, seen = tf.while_loop(lambda number, *_: number < count, step, [tf.constant(0), 0.0, seen])
            self._loss.update_state(total / tf.cast(count, tf.float32), sample_weight=count * size)
            self._outputs[0][first : first + count * size].assign(self._mean(seen.concat()))

        repeated: Callable[..., None] = tf.function(advance, autograph=False)
        return repeated

    def _make_validate(self, blocks: dict[str, tf.Tensor]) -> Callable[[], None]:
        network = self.network
        rows, batch = len(blocks["target"]), prediction_batch(input_names(blocks))
        count = math.ceil(rows / batch)

        def validate() -> None:
            def step(number: tf.Tensor, seen: tf.TensorArray) -> tuple[Any, ...]:
                first = number * batch
                part = {name: block[first : first + batch] for name, block in blocks.items()}
                inputs, target = _inputs_and_target(part)
                outputs = network(inputs, training=False)
                loss = network.compute_loss(inputs, target, outputs, training=False)
                self._loss.update_state(loss, sample_weight=tf.shape(target)[0])
                return number + 1, seen.write(number, tf.cast(outputs, tf.float32))

            seen = tf.TensorArray(tf.float32, count, element_shape=(None, network.output_shape[-1]))
            _, seen = tf.while_loop(lambda number, _: number < count, step, [tf.constant(0), seen])
            self._outputs[1].assign(self._mean(seen.concat()))

        repeated: Callable[[], None] = tf.function(validate, autograph=False)
        return repeated

    def _mean(self, outputs: tf.Tensor) -> tf.Tensor:
        """Average over the members of an ensemble that are trained side by side."""
        ensemble_mean = getattr(self.network, "ensemble_mean", None)
        return outputs if ensemble_mean is None else ensemble_mean(outputs)

    def _read_loss(self) -> tf.Tensor:
        found: tf.Tensor = self._loss.result()
        self._loss.reset_state()
        return found

    def _measure(self, target: np.ndarray, outputs: tf.Variable) -> dict[str, float]:
        """Read the loss and set it back, and score the outputs."""
        measured = {"loss": float(self._read())}
        if self._score is None:
            return measured
        return measured | self._score(target, outputs.numpy())


def _as_tensors(arrays: Arrays) -> dict[str, tf.Tensor]:
    return {name: tf.constant(values) for name, values in arrays.items()}


def _inputs_and_target(rows: dict[str, tf.Tensor]) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    return {name: values for name, values in rows.items() if name != "target"}, rows["target"]
