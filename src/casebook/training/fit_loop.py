"""Training and validation of an epoch by `Model.fit`: slower than the compiled loop, and public Keras only.

It is used where a version of Keras has changed what the compiled loop depends on; see `keras_internals`. Importing this
module imports Keras.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import keras
import numpy as np

from casebook.models.networks import prediction_batch
from casebook.preprocessing.arrays import WEIGHT, split_inputs
from casebook.training.batches import input_names, shuffle_rows

if TYPE_CHECKING:
    from casebook.preprocessing.tabular import Arrays
    from casebook.training.batches import Score


class FitRunner:
    """Train and validate a compiled network epoch by epoch, as `compiled_loop.EpochRunner` does.

    The rows of an epoch come in the same order, and in batches of nearly the same size. The training rows' metrics are
    of the weights at the epoch's end, since `fit` returns no outputs. Every batch is reported to the callbacks.
    """

    def __init__(
        self, network: keras.Model, train: Arrays, validation: Arrays, steps: int, score: Score | None = None
    ) -> None:
        """Prepare the optimiser; see `EpochRunner` for the arguments."""
        self.network, self.steps, self._score = network, steps, score
        self._train, self._validation = train, validation
        self.validates = len(validation["target"]) > 0
        # A checkpoint can only be loaded into variables that are there.
        network.optimizer.build(network.trainable_variables)

    def train(
        self, seed: int, epoch: int, callbacks: keras.callbacks.CallbackList, *, batch_logs: bool = True
    ) -> dict[str, float]:
        """Train one epoch -> `loss` and the metrics."""
        count = len(self._train["target"])
        rows = shuffle_rows(count, seed, epoch)
        ordered = {name: values[rows] for name, values in self._train.items()}
        inputs, target, weights = split_inputs(ordered)
        stopped = self.network.stop_training
        history = self.network.fit(
            inputs, target, batch_size=math.ceil(count / self.steps), shuffle=False, verbose=0, sample_weight=weights,
            callbacks=[_BatchCalls(callbacks, batch_logs=batch_logs)],
        ).history  # fmt: skip
        # `fit` begins by taking the wish to stop back.
        self.network.stop_training = self.network.stop_training or stopped
        return {"loss": float(history["loss"][0]), **self._measure(inputs, target, ordered.get(WEIGHT))}

    def validate(self) -> dict[str, float]:
        """Compute `loss` and the metrics on the validation rows; nothing without such rows."""
        if not self.validates:
            return {}
        inputs, target, weights = split_inputs(self._validation)
        batch = prediction_batch(input_names(self._validation))
        options = {"batch_size": batch, "verbose": 0, "return_dict": True, "sample_weight": weights}
        loss = self.network.evaluate(inputs, target, **options)["loss"]
        return {"loss": float(loss), **self._measure(inputs, target, self._validation.get(WEIGHT))}

    def _measure(self, inputs: Arrays, target: np.ndarray, weights: np.ndarray | None) -> dict[str, float]:
        if self._score is None:
            return {}
        outputs = self.network.predict(inputs, batch_size=prediction_batch(list(inputs)), verbose=0)
        ensemble_mean = getattr(self.network, "ensemble_mean", None)
        if ensemble_mean is not None:
            outputs = keras.ops.convert_to_numpy(ensemble_mean(keras.ops.convert_to_tensor(outputs)))
        return self._score(target, np.asarray(outputs, np.float32), weights)


class _BatchCalls(keras.callbacks.Callback):  # type: ignore[misc]  # Keras carries no types
    """Pass the calls of `fit` about batches on to the callbacks of the training."""

    def __init__(self, callbacks: keras.callbacks.CallbackList, *, batch_logs: bool) -> None:
        super().__init__()
        self._callbacks, self._batch_logs = callbacks, batch_logs

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._callbacks.on_train_batch_begin(batch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._callbacks.on_train_batch_end(batch, logs if self._batch_logs else None)
