"""Training and validation of an epoch on rows in shards on the disk: each stretch is read while one is trained.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import tensorflow as tf

from casebook.models.networks import prediction_batch
from casebook.preprocessing.arrays import WEIGHT, split_inputs
from casebook.preprocessing.shards import list_pieces, take_rows
from casebook.training.batches import input_names, plan_epoch, shuffle_in_windows
from casebook.training.compiled_loop import EpochRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from casebook.preprocessing.tabular import Arrays


class StreamedRunner(EpochRunner):
    """Train and validate a compiled network on rows in shards; of the rows only targets and outputs are in memory."""

    _shuffle = staticmethod(shuffle_in_windows)

    def _load(self, train: Arrays, validation: Arrays) -> None:
        """Store where the rows lie."""
        self._train, self._held_out = _without_weights(train), _without_weights(validation)

        def advance(blocks: dict[str, tf.Tensor], first: tf.Tensor, count: tf.Tensor, size: tf.Tensor) -> None:
            self._repeat_steps(blocks, tf.range(count * size), tf.constant(0), first, count, size)

        self._advance = tf.function(advance, autograph=False, reduce_retracing=True)
        judge = tf.function(self._judge, autograph=False, reduce_retracing=True)
        self._validate = partial(self._validate_in_pieces, judge) if self.validates else None

    def _plan(self, rows: np.ndarray) -> Iterator[tuple[int, Callable[[], None]]]:
        """Yield the stretches of an epoch; the next one is read meanwhile."""
        stretches = list(plan_epoch(self.rows, self.steps))
        places = [rows[first : first + count * size] for first, count, size in stretches]
        with ThreadPoolExecutor(1) as reader:
            waiting = [reader.submit(take_rows, self._train, places[0])]
            for number, (first, count, size) in enumerate(stretches):
                blocks = {name: tf.constant(values) for name, values in waiting.pop().result().items()}
                waiting += [reader.submit(take_rows, self._train, some) for some in places[number + 1 : number + 2]]
                yield count, partial(self._advance, blocks, tf.constant(first), tf.constant(count), tf.constant(size))

    def _judge(self, blocks: dict[str, tf.Tensor], first: tf.Tensor) -> None:
        """Compute outputs and loss of a batch of validation rows; traced."""
        inputs, target, weights_of_rows = split_inputs(blocks)
        outputs = self.network(inputs, training=False)
        loss = self.network.compute_loss(inputs, target, outputs, weights_of_rows, training=False)
        count = tf.shape(target)[0]
        self._loss.update_state(loss, sample_weight=count)
        self._outputs[1][first : first + count].assign(self._mean(tf.cast(outputs, tf.float32)))

    def _validate_in_pieces(self, judge: Callable[..., None]) -> None:
        batch = prediction_batch(input_names(self._held_out))
        for piece in list_pieces(len(self._held_out["target"])):
            rows = take_rows(self._held_out, piece)
            for first in range(0, piece.stop - piece.start, batch):
                blocks = {name: tf.constant(values[first : first + batch]) for name, values in rows.items()}
                judge(blocks, tf.constant(piece.start + first))


def _without_weights(arrays: Arrays) -> Arrays:
    return {name: values for name, values in arrays.items() if name != WEIGHT}
