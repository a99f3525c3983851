"""The loop over epochs, which calls Keras's callbacks. Importing this module imports Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from casebook.training.callbacks import TrainingCallback
from casebook.training.checkpoints import TrainingCheckpoint
from casebook.training.curves import name_curves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casebook.config.schema import TrainingParameters
    from casebook.training.compiled_loop import EpochRunner
    from casebook.training.fit_loop import FitRunner
    from casebook.training.state import TrainingState


def run_epochs(
    runner: EpochRunner | FitRunner,
    state: TrainingState,
    parameters: TrainingParameters,
    callbacks: Sequence[Any],
    part: str = "train",
) -> None:
    """Train the epochs that are left and call the callbacks through a `keras.callbacks.CallbackList`.

    The calls are those of `Model.fit`, in its order: `on_train_begin`; for each epoch `on_epoch_begin`, the batches,
    with validation rows `on_test_begin` and `on_test_end`, then `on_epoch_end`; at last `on_train_end`. Early stopping
    comes first at every call and the checkpoint last. It differs from `fit` in this:

    - Batches are run in stretches inside TensorFlow (64 batches, or 65,536 rows where those are more):
      `on_train_batch_begin` is called with the first batch of a stretch and `on_train_batch_end` with its last one, as
      with `steps_per_execution`. Their logs are the epoch's mean `loss` so far.
    - Batches of the validation rows are not reported.
    - `model.stop_training` ends the training after the epoch in which it is set.
    - A resumed run calls no callback for the epochs that were done before; the first `on_epoch_begin` has their count.
    - After an error there is no `on_train_end`; the project's own callbacks are closed.

    Args:
        runner: trains and validates an epoch.
        state: of the training; its history grows, and its network ends with the weights that it should have.
        parameters: the `training` block.
        callbacks: of Keras, of the project, or any objects with their methods.
        part: what the curves of the training rows are called after.
    """
    network = state.network
    network.stop_training = False
    listed = [state.stopping, *sorted(callbacks, key=lambda callback: isinstance(callback, TrainingCheckpoint))]
    own = [callback for callback in listed if isinstance(callback, TrainingCallback)]
    for callback in own:
        callback.set_state(state)
    names = ["loss", *parameters.metrics]
    called = keras.callbacks.CallbackList(
        listed, model=network, epochs=parameters.epochs, steps=runner.steps, verbose=0, part=part,
        metrics=[*names, *(f"val_{name}" for name in names)],
    )  # fmt: skip
    try:
        called.on_train_begin()
        logs: dict[str, float] = {}
        while len(state.history) < parameters.epochs and not network.stop_training:
            logs = _run_epoch(runner, state, called, parameters.seed, part, batch_logs=len(own) < len(listed))
        called.on_train_end(logs)
    finally:
        for callback in own:
            callback.close()


def _run_epoch(
    runner: EpochRunner | FitRunner,
    state: TrainingState,
    called: keras.callbacks.CallbackList,
    seed: int,
    part: str,
    *,
    batch_logs: bool,
) -> dict[str, float]:
    """Train and validate one epoch and add it to the history -> its logs."""
    epoch = len(state.history)
    called.on_epoch_begin(epoch)
    trained = runner.train(seed, epoch, called, batch_logs=batch_logs)
    validated: dict[str, float] = {}
    if runner.validates:
        called.on_test_begin()
        validated = runner.validate()
        called.on_test_end(validated)
    state.history.append({"epoch": epoch + 1, **name_curves(trained, part), **name_curves(validated, "val")})
    logs = trained | {f"val_{name}": value for name, value in validated.items()}
    called.on_epoch_end(epoch, logs)
    return logs
