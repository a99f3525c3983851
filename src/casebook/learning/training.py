"""Training a network on prepared rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from casebook.learning.arrays import no_rows, stack_arrays
from casebook.learning.backend import share_threads, start_backend
from casebook.learning.column_inputs import learn_pieces, member_layers
from casebook.learning.curves import name_curves
from casebook.learning.networks import TARGET_SCALE, build_network, task_of_network
from casebook.learning.preparation import Preparation
from casebook.learning.progress import Progress, identify_training
from casebook.learning.stopping import EarlyStopping, kept_epoch, without_stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import keras
    import pandas as pd

    from casebook.learning.checkpoints import Checkpoint
    from casebook.learning.inputs import AnyPreparation
    from casebook.learning.preparation import Arrays
    from casebook.learning.stepping import EpochRunner
    from casebook.parameters import TrainingParameters


class Monitor(Protocol):
    """What training reports to: curves in a store, a progress bar, or a list in a test."""

    def start(self, epochs: int, steps: int) -> None:
        """Hear how many epochs of how many steps are to come."""

    def advance(self, steps: int) -> None:
        """Hear that so many more steps are done."""

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Hear the curves' next point, epochs counted from 1."""

    def stop(self) -> None:
        """Hear that training ended, well or not."""


def train_network(
    train: Arrays,
    validation: Arrays,
    preparation: AnyPreparation,
    parameters: TrainingParameters,
    monitor: Monitor,
    checkpoint: Checkpoint | None = None,
    refit: bool = False,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train the described network.

    Args:
        train: prepared training rows with `target`.
        validation: prepared validation rows with `target`; without any the curves are those of training alone.
        preparation: what they were prepared with.
        parameters: the case's `training` block.
        monitor: hears of each step and epoch.
        checkpoint: where to keep the state between epochs, and to go on from if this run kept one before. It is
            removed once the training has ended.
        refit: whether to train once more, from the first weights, on training and validation rows together and for as
            many epochs as were kept. That one's curves are called `refit/<metric>`; a kill loses what it had done.

    Returns:
        The trained model and its history: one row an epoch with `epoch`, `train/<metric>` and `val/<metric>`; see
        `continue_training`.
    """
    if isinstance(preparation, Preparation):
        share_threads(parameters.batch_size * parameters.network.members * max(parameters.network.hidden, default=1))
    start_backend()
    network = start_network(train, preparation, parameters)
    history = continue_training(network, train, validation, parameters, monitor, checkpoint)
    if refit and len(validation["target"]):
        rows = stack_arrays(train, validation)
        again = without_stopping(parameters, kept_epoch(history, parameters) + 1)
        network = start_network(rows, preparation, again)
        continue_training(network, rows, no_rows(rows), again, monitor, part="refit")
    if checkpoint:
        checkpoint.remove()
    return network, history


def continue_training(
    network: keras.Model,
    train: Arrays,
    validation: Arrays,
    parameters: TrainingParameters,
    monitor: Monitor,
    checkpoint: Checkpoint | None = None,
    part: str = "train",
) -> pd.DataFrame:
    """Train a network from the weights that it has; see `train_network`, whose history this gives.

    Curves of the rows that it is trained on are called `<part>/<metric>`. They are of the outputs that the epoch's own
    steps computed, each with the weights of its step and with dropout, so that they cost nothing; the loss is the mean
    over its batches, penalties included. `val/<metric>` is of the weights at the epoch's end. All metrics are exact.

    Raises:
        TrainingError: it diverged, or stops early by a metric that its rows do not define.
    """
    import pandas as pd

    from casebook.learning.scoring import score_outputs
    from casebook.learning.stepping import EpochRunner, count_steps

    steps = count_steps(len(train["target"]), parameters.batch_size)
    trained = member_layers().network_to_train(network)
    compile_network(trained, parameters, steps)
    score = partial(score_outputs, parameters.metrics, task_of_network(network))
    runner = EpochRunner(trained, train, validation, steps, score if parameters.metrics else None)
    progress = Progress(trained, EarlyStopping(parameters.early_stopping), {})
    if checkpoint:
        progress.identity = identify_training(train, validation, parameters)
        progress.take_up(checkpoint)
    _run_epochs(runner, progress, parameters, monitor, checkpoint, part)
    history = pd.DataFrame(progress.history)
    kept_epoch(history, parameters)
    return history


def _run_epochs(
    runner: EpochRunner,
    progress: Progress,
    parameters: TrainingParameters,
    monitor: Monitor,
    checkpoint: Checkpoint | None,
    part: str,
) -> None:
    """Train the epochs that are left and leave the network with the weights that it should have."""
    monitor.start(parameters.epochs, runner.steps)
    try:
        for done in progress.history:
            monitor.advance(runner.steps)
            # Told again: the kill may have come between an epoch's checkpoint and its point in the curves.
            monitor.epoch(int(done["epoch"]), {name: value for name, value in done.items() if name != "epoch"})
        while len(progress.history) < parameters.epochs and not progress.stopped:
            metrics = name_curves(runner.train(parameters.seed, len(progress.history), monitor.advance), part)
            metrics |= name_curves(runner.validate(), "val")
            progress.end_epoch(metrics)
            monitor.epoch(len(progress.history), metrics)
            if checkpoint and checkpoint.due:
                progress.keep(checkpoint)
    finally:
        monitor.stop()
    if progress.stopping.weights:
        progress.network.set_weights(progress.stopping.weights)


def start_network(train: Arrays, preparation: AnyPreparation, parameters: TrainingParameters) -> keras.Model:
    """Build the network with its first weights, which the seed decides; outputs and scale fit the training target."""
    import keras

    keras.utils.set_random_seed(parameters.seed)
    keras.config.set_dtype_policy(parameters.precision)
    classes = int(train["target"].max()) + 1 if parameters.network.output == "softmax" else 1
    try:
        scale = measure_target(train["target"], parameters.target_scale)
        network = build_network(preparation, parameters.network, classes, scale)
    finally:
        keras.config.set_dtype_policy("float32")
    if isinstance(preparation, Preparation):
        learn_pieces(network, train, preparation)
    return network


def measure_target(target: np.ndarray, kind: str) -> tuple[str, float, float] | None:
    """Measure the scale of a regression's target on training rows: kind, mean, deviation; nothing for `none`."""
    if kind == "none":
        return None
    values = target.astype(np.float64)
    values = np.log1p(values) if kind == "log" else values
    return kind, float(values.mean()), float(values.std()) or 1.0


def compile_network(network: keras.Model, parameters: TrainingParameters, steps: int) -> None:
    """Compile the network with its optimiser and loss; metrics are computed outside, see `scoring.score_outputs`."""
    from casebook.learning.optimizers import learning_rate, make_optimizer

    schedule = learning_rate(parameters.schedule, parameters.optimizer.learning_rate, steps * parameters.epochs)
    network.compile(
        optimizer=make_optimizer(parameters.optimizer, schedule),
        loss=make_loss(network, parameters),
        jit_compile=False,
    )


def make_loss(network: keras.Model, parameters: TrainingParameters) -> Any:  # noqa: ANN401 - a name or a function
    """Resolve a loss; behind a scaled output it is taken in the scaled form, while metrics keep the target's units."""
    import keras

    name = parameters.loss
    scaled = next((layer for layer in network.layers if layer.name == TARGET_SCALE), None)
    if scaled is None and name != "pinball":
        return name
    loss = pinball(parameters.quantile) if name == "pinball" else keras.losses.get(name)
    return loss if scaled is None else lambda actual, predicted: loss(scaled.scale(actual), scaled.scale(predicted))


def pinball(quantile: float) -> Callable[[Any, Any], Any]:
    """Make the loss, a number a row, whose mean is least at a quantile of the target: at 0.5 half the absolute one."""

    def loss(actual: Any, predicted: Any) -> Any:  # noqa: ANN401 - tensors
        from keras import ops

        error = ops.reshape(actual, ops.shape(predicted)) - predicted
        return ops.mean(ops.maximum(quantile * error, (quantile - 1) * error), axis=-1)

    return loss
