"""Training and validation of an epoch inside TensorFlow: batches are gathered and steps repeated there.

A small network trains two to five times as quickly as by `Model.fit`. Its use of Keras's private parts is checked by
`keras_internals`. Importing this module imports TensorFlow.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from casebook.models.networks import prediction_batch
from casebook.preprocessing.arrays import WEIGHT, split_inputs
from casebook.training.batches import input_names, plan_epoch, shuffle_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import keras
    import numpy as np

    from casebook.preprocessing.tabular import Arrays
    from casebook.training.batches import Score


class EpochRunner:
    """Train and validate a compiled network epoch by epoch."""

    # The order of an epoch's rows by (rows, seed, epoch).
    _shuffle = staticmethod(shuffle_rows)

    def __init__(
        self, network: keras.Model, train: Arrays, validation: Arrays, steps: int, score: Score | None = None
    ) -> None:
        """Copy the rows into tensors and trace the functions that run a stretch of steps.

        Args:
            network: compiled.
            train: prepared training rows with `target`.
            validation: prepared validation rows with `target`; may be empty.
            steps: batches of an epoch.
            score: computes the metrics of an epoch's outputs; without one there is the loss alone.
        """
        self.network, self.steps, self._score = network, steps, score
        self._targets = train["target"], validation["target"]
        self._weights = train.get(WEIGHT), validation.get(WEIGHT)
        self.rows, self.validates = len(train["target"]), len(validation["target"]) > 0
        self._build(train)
        # Kept here, not returned: TensorFlow rewrites the arithmetic of functions that return anything, to other bits.
        self._outputs = [tf.Variable(tf.zeros((len(t), network.output_shape[-1]))) for t in self._targets]
        self._loss = next(metric for metric in network.metrics if metric.name == "loss")
        self._load(train, validation)
        self._read = tf.function(self._read_loss, autograph=False)
        network.reset_metrics()

    def train(
        self, seed: int, epoch: int, callbacks: keras.callbacks.CallbackList, *, batch_logs: bool = True
    ) -> dict[str, float]:
        """Train one epoch.

        Args:
            seed: of the order of rows.
            epoch: counted from 0.
            callbacks: `on_train_batch_begin` and `on_train_batch_end` are called around every stretch of batches.
            batch_logs: whether they receive the mean loss so far, which takes time to read.

        Returns:
            `loss` and the metrics, of the outputs that the epoch's steps computed.
        """
        rows = self._shuffle(self.rows, seed, epoch)
        done = 0
        for count, advance in self._plan(rows):
            callbacks.on_train_batch_begin(done)
            advance()
            done += count
            callbacks.on_train_batch_end(done - 1, {"loss": float(self._loss.result())} if batch_logs else None)
        weights = self._weights[0]
        return self._measure(self._targets[0][rows], self._outputs[0], None if weights is None else weights[rows])

    def validate(self) -> dict[str, float]:
        """Compute `loss` and the metrics on the validation rows; nothing without such rows."""
        if self._validate is None:
            return {}
        self._validate()
        return self._measure(self._targets[1], self._outputs[1], self._weights[1])

    def _build(self, train: Arrays) -> None:
        """Create all variables of metrics and optimiser: TensorFlow forbids it within repeated steps."""
        first = {name: values[:1] for name, values in train.items()}
        self.network.test_step(split_inputs({name: tf.constant(values) for name, values in first.items()}))
        self.network.optimizer.build(self.network.trainable_variables)

    def _load(self, train: Arrays, validation: Arrays) -> None:
        """Copy the rows into tensors."""
        blocks = _as_tensors(train)

        def advance(order: tf.Tensor, first: tf.Tensor, count: tf.Tensor, size: tf.Tensor) -> None:
            self._repeat_steps(blocks, order, first, first, count, size)

        # XLA would take longer to compile such a loop than it saves.
        self._advance = tf.function(advance, autograph=False)
        self._validate = self._make_validate(_as_tensors(validation)) if self.validates else None

    def _plan(self, rows: np.ndarray) -> Iterator[tuple[int, Callable[[], None]]]:
        """Yield the stretches of an epoch: the number of batches, and what runs them."""
        order = tf.constant(rows)
        for first, count, size in plan_epoch(self.rows, self.steps):
            yield count, partial(self._advance, order, tf.constant(first), tf.constant(count), tf.constant(size))

    def _repeat_steps(
        self,
        blocks: Mapping[str, tf.Tensor],
        order: tf.Tensor,
        begin: tf.Tensor,
        first: tf.Tensor,
        count: tf.Tensor,
        size: tf.Tensor,
    ) -> None:
        """Train some batches; traced.

        Args:
            blocks: rows by the name of their array.
            order: in which they come.
            begin: place in it of the first batch.
            first: place of that batch in the epoch.
            count: number of batches.
            size: rows of each.
        """
        network, weights = self.network, self.network.trainable_variables

        def step(number: tf.Tensor, total: tf.Tensor, seen: tf.TensorArray) -> tuple[Any, ...]:
            index = tf.slice(order, [begin + number * size], [size])
            rows = {name: tf.gather(block, index) for name, block in blocks.items()}
            inputs, target, weights_of_rows = split_inputs(rows)
            with tf.GradientTape() as tape:
                outputs = network(inputs, training=True)
                loss = network.compute_loss(inputs, target, outputs, weights_of_rows, training=True)
                scaled = network.optimizer.scale_loss(loss)
            network.optimizer.apply_gradients(zip(tape.gradient(scaled, weights), weights, strict=True))
            return number + 1, total + loss, seen.write(number, tf.cast(outputs, tf.float32))

        # Scored all at once: batch by batch takes as long as training where batches are small.
        seen = tf.TensorArray(tf.float32, count, element_shape=(None, network.output_shape[-1]))
        _, total, seen = tf.while_loop(lambda number, *_: number < count, step, [tf.constant(0), 0.0, seen])
        self._loss.update_state(total / tf.cast(count, tf.float32), sample_weight=count * size)
        self._outputs[0][first : first + count * size].assign(self._mean(seen.concat()))

    def _make_validate(self, blocks: dict[str, tf.Tensor]) -> Callable[[], None]:
        network = self.network
        rows, batch = len(blocks["target"]), prediction_batch(input_names(blocks))
        count = math.ceil(rows / batch)

        def validate() -> None:
            def step(number: tf.Tensor, seen: tf.TensorArray) -> tuple[Any, ...]:
                first = number * batch
                part = {name: block[first : first + batch] for name, block in blocks.items()}
                inputs, target, weights_of_rows = split_inputs(part)
                outputs = network(inputs, training=False)
                loss = network.compute_loss(inputs, target, outputs, weights_of_rows, training=False)
                self._loss.update_state(loss, sample_weight=tf.shape(target)[0])
                return number + 1, seen.write(number, tf.cast(outputs, tf.float32))

            seen = tf.TensorArray(tf.float32, count, element_shape=(None, network.output_shape[-1]))
            _, seen = tf.while_loop(lambda number, _: number < count, step, [tf.constant(0), seen])
            self._outputs[1].assign(self._mean(seen.concat()))

        repeated: Callable[[], None] = tf.function(validate, autograph=False)
        return repeated

    def _mean(self, outputs: tf.Tensor) -> tf.Tensor:
        """Compute the mean over the members of an ensemble that are trained side by side."""
        ensemble_mean = getattr(self.network, "ensemble_mean", None)
        return outputs if ensemble_mean is None else ensemble_mean(outputs)

    def _read_loss(self) -> tf.Tensor:
        found: tf.Tensor = self._loss.result()
        self._loss.reset_state()
        return found

    def _measure(self, target: np.ndarray, outputs: tf.Variable, weights: np.ndarray | None) -> dict[str, float]:
        """Read and reset the loss, and score the outputs."""
        measured = {"loss": float(self._read())}
        if self._score is None:
            return measured
        return measured | self._score(target, outputs.numpy(), weights)


def _as_tensors(arrays: Arrays) -> dict[str, tf.Tensor]:
    return {name: tf.constant(values) for name, values in arrays.items() if name != WEIGHT}
