"""Training a network on prepared rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from casebook.compute.tensorflow_startup import limit_threads, start_tensorflow
from casebook.models.networks import build_network, task_of_network
from casebook.models.tabular_inputs import adapt_piecewise_linear, ensemble_layers
from casebook.preprocessing.arrays import no_rows, stack_arrays
from casebook.preprocessing.tabular import TabularPreprocessor
from casebook.training.curves import name_curves
from casebook.training.early_stopping import EarlyStopping, kept_epoch, without_early_stopping
from casebook.training.losses import make_loss
from casebook.training.state import Progress, identify_training

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    import pandas as pd

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays
    from casebook.training.checkpoints import Checkpoint
    from casebook.training.compiled_loop import EpochRunner


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
    preprocessor: Preprocessor,
    parameters: TrainingParameters,
    monitor: Monitor,
    checkpoint: Checkpoint | None = None,
    refit: bool = False,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train the described network.

    Args:
        train: prepared training rows with `target`.
        validation: prepared validation rows with `target`; without any the curves are those of training alone.
        preprocessor: what they were prepared with.
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
    if isinstance(preprocessor, TabularPreprocessor):
        limit_threads(
            parameters.batch_size * parameters.network.ensemble_size * max(parameters.network.hidden, default=1)
        )
    start_tensorflow()
    network = start_network(train, preprocessor, parameters)
    history = continue_training(network, train, validation, parameters, monitor, checkpoint)
    if refit and len(validation["target"]):
        rows = stack_arrays(train, validation)
        again = without_early_stopping(parameters, kept_epoch(history, parameters) + 1)
        network = start_network(rows, preprocessor, again)
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

    from casebook.evaluation.scores import score_outputs
    from casebook.training.compiled_loop import EpochRunner, count_steps

    steps = count_steps(len(train["target"]), parameters.batch_size)
    trained = ensemble_layers().network_to_train(network)
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


def start_network(train: Arrays, preprocessor: Preprocessor, parameters: TrainingParameters) -> keras.Model:
    """Build the network with its first weights, which the seed decides; outputs and scale fit the training target."""
    import keras

    keras.utils.set_random_seed(parameters.seed)
    keras.config.set_dtype_policy(parameters.precision)
    classes = int(train["target"].max()) + 1 if parameters.network.output == "softmax" else 1
    try:
        scale = measure_target(train["target"], parameters.target_scale)
        network = build_network(preprocessor, parameters.network, classes, scale)
    finally:
        keras.config.set_dtype_policy("float32")
    if isinstance(preprocessor, TabularPreprocessor):
        adapt_piecewise_linear(network, train, preprocessor)
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
    from casebook.training.optimizers import learning_rate, make_optimizer

    schedule = learning_rate(parameters.schedule, parameters.optimizer.learning_rate, steps * parameters.epochs)
    network.compile(
        optimizer=make_optimizer(parameters.optimizer, schedule),
        loss=make_loss(network, parameters),
        jit_compile=False,
    )
