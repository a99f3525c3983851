"""Training a network on prepared rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from casebook.learning.backend import start_backend
from casebook.learning.column_inputs import learn_pieces, member_layers
from casebook.learning.networks import TARGET_SCALE, build_network, prediction_batch
from casebook.learning.preparation import Preparation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    import pandas as pd
    import tensorflow as tf

    from casebook.learning.inputs import AnyPreparation
    from casebook.learning.preparation import Arrays
    from casebook.parameters import OptimizerParameters, ScheduleParameters, TrainingParameters

# Callbacks and Python run once in so many steps; more gains nothing measurable.
STEPS_PER_EXECUTION = 64


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


def plan_steps(rows: int, batch_size: int) -> tuple[int, int]:
    """Plan an epoch: batches of nearly equal size, their number a multiple of the steps run at once.

    Returns:
        Steps an epoch and steps an execution. No batch is larger than `batch_size`, every row comes once an epoch.
    """
    steps = math.ceil(rows / batch_size)
    executions = math.ceil(steps / STEPS_PER_EXECUTION)
    per_execution = math.ceil(steps / executions)
    # Never more steps than rows, or a batch would be empty.
    return (executions * per_execution, per_execution) if executions * per_execution <= rows else (steps, 1)


def shuffled_batches(arrays: Arrays, steps: int, epochs: int, seed: int) -> tf.data.Dataset:
    """Feed all epochs from one pipeline; the order of an epoch depends on (seed, epoch) alone.

    Returns:
        Dataset of (inputs by name, target) with `steps` batches an epoch.
    """
    import tensorflow as tf

    rows = len(arrays["target"])
    blocks = {name: tf.constant(arrays[name]) for name in input_names(arrays)}
    target = tf.constant(arrays["target"])

    def take(step: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        epoch, place = step // steps, step % steps
        places = tf.range(place * rows // steps, (place + 1) * rows // steps)
        key = tf.cast(tf.stack([tf.constant(seed, tf.int64), epoch]), tf.int32)
        index = tf.random.experimental.index_shuffle(places, key, tf.cast(rows - 1, tf.int64))
        return {name: tf.gather(block, index) for name, block in blocks.items()}, tf.gather(target, index)

    batches = tf.data.Dataset.range(steps * epochs).map(take, num_parallel_calls=2, deterministic=True).prefetch(8)
    return _without_autotuning(batches)


def ordered_batches(arrays: Arrays, with_target: bool = False) -> tf.data.Dataset:
    """Feed rows in their order, in large batches."""
    import tensorflow as tf

    names = input_names(arrays)
    inputs: Any = {name: arrays[name] for name in names}
    rows = tf.data.Dataset.from_tensor_slices((inputs, arrays["target"]) if with_target else (inputs,))
    return _without_autotuning(rows.batch(prediction_batch(names)))


def input_names(arrays: Arrays) -> list[str]:
    """Name the arrays that go into a network."""
    return [name for name in arrays if name != "target"]


def _without_autotuning(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Switch off the thread that tunes a pipeline: closing the pipeline waits for it, for up to 20 seconds."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def train_network(
    train: Arrays, validation: Arrays, preparation: AnyPreparation, parameters: TrainingParameters, monitor: Monitor
) -> tuple[keras.Model, pd.DataFrame]:
    """Train the described network.

    Args:
        train: prepared training rows with `target`.
        validation: prepared validation rows with `target`; without any the curves are those of training alone.
        preparation: what they were prepared with.
        parameters: the case's `training` block.
        monitor: hears of each step and epoch.

    Returns:
        The trained model and its history: one row an epoch with `epoch`, `train/<metric>` and `val/<metric>`.
    """
    start_backend()
    import pandas as pd

    network = start_network(train, preparation, parameters)
    steps, per_execution = plan_steps(len(train["target"]), parameters.batch_size)
    trained = member_layers().network_to_train(network)
    compile_network(trained, parameters, steps, per_execution)
    callbacks = _callbacks(parameters, per_execution, monitor)
    monitor.start(parameters.epochs, steps)
    try:
        trained.fit(
            shuffled_batches(train, steps, parameters.epochs, parameters.seed),
            epochs=parameters.epochs,
            steps_per_epoch=steps,
            validation_data=ordered_batches(validation, with_target=True) if len(validation["target"]) else None,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
    finally:
        monitor.stop()
    return network, pd.DataFrame(callbacks[0].history)


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


def compile_network(network: keras.Model, parameters: TrainingParameters, steps: int, per_execution: int) -> None:
    """Give the network its optimiser, loss and metrics."""
    from casebook.learning.metrics import resolve_metric

    schedule = learning_rate(parameters.schedule, parameters.optimizer.learning_rate, steps * parameters.epochs)
    network.compile(
        optimizer=make_optimizer(parameters.optimizer, schedule),
        loss=make_loss(network, parameters.loss),
        metrics=[resolve_metric(name) for name in parameters.metrics],
        steps_per_execution=per_execution,
        jit_compile=False,
    )


def make_loss(network: keras.Model, name: str) -> Any:  # noqa: ANN401 - a name or a function
    """Resolve a loss; behind a scaled output it is taken in the scaled form, while metrics keep the target's units."""
    import keras

    scaled = next((layer for layer in network.layers if layer.name == TARGET_SCALE), None)
    if scaled is None:
        return name
    loss = keras.losses.get(name)
    return lambda actual, predicted: loss(scaled.scale(actual), scaled.scale(predicted))


def make_optimizer(parameters: OptimizerParameters, rate: Any) -> keras.optimizers.Optimizer:  # noqa: ANN401 - a schedule or number
    """Resolve an optimiser's name and options."""
    import keras

    by_name = {
        "sgd": keras.optimizers.SGD,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "adamax": keras.optimizers.Adamax,
        "nadam": keras.optimizers.Nadam,
        "rmsprop": keras.optimizers.RMSprop,
        "adagrad": keras.optimizers.Adagrad,
        "adadelta": keras.optimizers.Adadelta,
    }
    options = {name: value for name, value in parameters.options.items() if value is not None}
    return by_name[parameters.name](learning_rate=rate, global_clipnorm=parameters.clip_norm, **options)


def learning_rate(schedule: ScheduleParameters, start: float, steps: int) -> Any:  # noqa: ANN401 - a schedule or number
    """Resolve a learning-rate schedule over all steps of the training.

    Returns:
        A number when it is constant without warm-up, else a Keras schedule.
    """
    from keras.optimizers import schedules

    warmup = round(steps * schedule.warmup_share)
    rest = max(1, steps - warmup)
    if schedule.name == "cosine" or (schedule.name == "constant" and warmup):
        alpha = 1.0 if schedule.name == "constant" else schedule.final_share
        begin = start / (warmup + 1) if warmup else start
        return schedules.CosineDecay(
            begin, rest, alpha=alpha, warmup_target=start if warmup else None, warmup_steps=warmup
        )
    if schedule.name == "linear":
        return schedules.PolynomialDecay(start, steps, start * schedule.final_share)
    if schedule.name == "exponential":
        return schedules.ExponentialDecay(start, steps, max(schedule.final_share, 1e-8))
    return start


def _callbacks(parameters: TrainingParameters, per_execution: int, monitor: Monitor) -> list[Any]:
    """Report to the monitor first, then stop early when asked to."""
    import keras

    from casebook.learning.reporting import reporting_callback

    callbacks: list[Any] = [reporting_callback(monitor, per_execution)]
    stopping = parameters.early_stopping
    if stopping.patience:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=stopping.metric.replace("val/", "val_").replace("train/", ""),
                mode="max" if stopping.metric.endswith(("accuracy", "auc")) else "min",
                patience=stopping.patience,
                restore_best_weights=stopping.restore_best,
            )
        )
    return callbacks
