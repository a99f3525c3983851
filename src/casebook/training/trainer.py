"""Training a network on prepared rows."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.compute.tensorflow_startup import limit_threads, start_tensorflow
from casebook.models.networks import build_network, task_of_network
from casebook.models.tabular_inputs import adapt_piecewise_linear, ensemble_layers
from casebook.models.text_encoder import adapt_wide
from casebook.preprocessing.arrays import stack_arrays, weigh_loss, without_rows
from casebook.preprocessing.shards import are_sharded, take_rows
from casebook.preprocessing.tabular import TabularPreprocessor
from casebook.training.batches import count_steps
from casebook.training.checkpoints import TrainingCheckpoint
from casebook.training.early_stopping import EarlyStopping, kept_epoch, warn_of_divergence, without_early_stopping
from casebook.training.losses import make_loss
from casebook.training.state import TrainingState, identify_training

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import keras
    import pandas as pd

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays
    from casebook.training.compiled_loop import EpochRunner
    from casebook.training.fit_loop import FitRunner

LOGGER = logging.getLogger(__name__)
# A target of more skewness is learnt in logarithms, unless they deviate by more: an error of 1 in the logarithm is one
# of the whole value, and the largest ones, which an RMSE is made of, are learnt worst. See docs/defaults.md.
SKEWED, WIDEST_LOG = 1.0, 1.0


def train_network(
    train: Arrays,
    validation: Arrays,
    preprocessor: Preprocessor,
    parameters: TrainingParameters,
    callbacks: Sequence[Any] = (),
    refit: bool = False,
    judge: Callable[[keras.Model], None] | None = None,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train the network of the parameters on prepared rows.

    Args:
        train: prepared training rows with `target`, and `weight` where rows do not count alike.
        validation: prepared validation rows of the same form; without any the curves are those of training alone.
        preprocessor: what they were prepared with.
        parameters: the case's `training` block.
        callbacks: Keras's (`CSVLogger`, `LambdaCallback`, or one's own), or the project's; see
            `training_loop.run_epochs` for what is called when. A `TrainingCheckpoint` among them resumes the training
            of a run that was killed; its file is removed once the training has ended.
        refit: whether to train once more, from the first weights, on training and validation rows together and for as
            many epochs as were kept. That one's curves are called `refit/<metric>`; a kill loses what it had done.
            Of the callbacks those whose `follows_refit` is true are called for it too: none of Keras's own.
        judge: called with the network while validation rows are new to it, before a refit.

    Returns:
        The trained model and its history: one row an epoch with `epoch`, `train/<metric>` and `val/<metric>`; see
        `continue_training`.
    """
    if isinstance(preprocessor, TabularPreprocessor):
        limit_threads(
            parameters.batch_size * parameters.network.ensemble_size * max(parameters.network.hidden, default=1)
        )
    start_tensorflow()
    network = build_initial_network(train, preprocessor, parameters)
    history = continue_training(network, train, validation, parameters, callbacks)
    if judge is not None:
        judge(network)
    if refit and len(validation["target"]):
        rows = stack_arrays(train, validation)
        again = without_early_stopping(parameters, kept_epoch(history, parameters) + 1)
        network = build_initial_network(rows, preprocessor, again)
        following = [callback for callback in callbacks if getattr(callback, "follows_refit", False)]
        continue_training(network, rows, without_rows(rows), again, following, part="refit")
    for callback in callbacks:
        if isinstance(callback, TrainingCheckpoint):
            callback.remove()
    return network, history


def continue_training(
    network: keras.Model,
    train: Arrays,
    validation: Arrays,
    parameters: TrainingParameters,
    callbacks: Sequence[Any] = (),
    part: str = "train",
) -> pd.DataFrame:
    """Train a network further from its present weights; see `train_network`, whose history this returns.

    Curves of the rows that it is trained on are called `<part>/<metric>`. They are of the outputs that the epoch's own
    steps computed, each with the weights of its step and with dropout, so that they cost nothing; the loss is the mean
    over its batches, penalties included. `val/<metric>` is of the weights at the epoch's end. All metrics are exact.

    Raises:
        TrainingError: it diverged, or stops early by a metric that its rows do not define.
    """
    import pandas as pd

    from casebook.training.training_loop import run_epochs

    train, validation = weigh_loss(train, validation, parameters.class_weights)
    steps = count_steps(len(train["target"]), parameters.batch_size)
    trained = ensemble_layers().network_to_train(network)
    compile_network(trained, parameters, steps)
    runner = make_runner(trained, train, validation, parameters, task_of_network(network))
    state = TrainingState(trained, EarlyStopping(parameters.early_stopping), {})
    if any(isinstance(callback, TrainingCheckpoint) for callback in callbacks):
        state.identity = identify_training(train, validation, parameters)
    run_epochs(runner, state, parameters, callbacks, part)
    history = pd.DataFrame(state.history)
    warn_of_divergence(history, kept_epoch(history, parameters))
    return history


def make_runner(
    network: keras.Model, train: Arrays, validation: Arrays, parameters: TrainingParameters, task: str
) -> EpochRunner | FitRunner:
    """Create the runner of epochs for a compiled network: the compiled loop, or `fit` where Keras has changed."""
    import keras

    from casebook.evaluation.scores import score_outputs
    from casebook.training.keras_internals import find_changed_internals

    steps = count_steps(len(train["target"]), parameters.batch_size)
    score = partial(score_outputs, parameters.metrics, task) if parameters.metrics else None
    changed = find_changed_internals(network)
    if not changed and are_sharded(train):
        from casebook.training.streamed_loop import StreamedRunner

        return StreamedRunner(network, train, validation, steps, score)
    if not changed:
        from casebook.training.compiled_loop import EpochRunner

        return EpochRunner(network, train, validation, steps, score)
    from casebook.training.fit_loop import FitRunner

    LOGGER.warning(
        "Keras %s is not as the compiled training loop needs it: %s. Training goes through Model.fit, which is slower.",
        keras.__version__, "; ".join(changed),
    )  # fmt: skip
    compile_network(network, parameters, steps, fused=False)
    # `fit` takes arrays in memory alone.
    return FitRunner(network, take_rows(train, slice(None)), take_rows(validation, slice(None)), steps, score)


def build_initial_network(train: Arrays, preprocessor: Preprocessor, parameters: TrainingParameters) -> keras.Model:
    """Build the network with initial weights from the seed.

    Args:
        train: prepared training rows with `target`, which determines the number of outputs and the target's scale.
        preprocessor: what they were prepared with.
        parameters: the `training` block.

    Returns:
        An uncompiled network.
    """
    import keras

    keras.utils.set_random_seed(parameters.seed)
    keras.config.set_dtype_policy(parameters.precision)
    classes = int(train["target"].max()) + 1 if parameters.network.output == "softmax" else 1
    try:
        scale = fit_target_scale(train["target"], parameters.target_scale)
        network = build_network(preprocessor, parameters.network, classes, scale)
    finally:
        keras.config.set_dtype_policy("float32")
    if isinstance(preprocessor, TabularPreprocessor):
        capped = parameters.network.piecewise_linear_edges == "capped_quantiles"
        adapt_piecewise_linear(network, train, preprocessor, capped)
    adapt_wide(network, train)
    return network


def fit_target_scale(target: np.ndarray, kind: str) -> tuple[str, float, float] | None:
    """Fit the scale of a regression's target on training rows.

    Args:
        target: shape (training rows,).
        kind: `none`, `standard`, or `log` for the logarithm of 1 + target.

    Returns:
        Kind, mean and standard deviation (1 for a constant target); None for `none`.
    """
    if kind == "none":
        return None
    values = target.astype(np.float64)
    if kind == "auto":
        skewed = values.min() >= 0 and measure_skew(values) > SKEWED
        kind = "log" if skewed and np.log1p(values).std() <= WIDEST_LOG else "standard"
    values = np.log1p(values) if kind == "log" else values
    return kind, float(values.mean()), float(values.std()) or 1.0


def measure_skew(values: np.ndarray) -> float:
    """Compute the skewness of values: the third moment of the standardised ones, 0 where all are the same."""
    deviation = values.std()
    return float((((values - values.mean()) / deviation) ** 3).mean()) if deviation else 0.0


def compile_network(network: keras.Model, parameters: TrainingParameters, steps: int, *, fused: bool = True) -> None:
    """Compile the network with its optimiser and loss; metrics are computed outside, see `scores.score_outputs`.

    Args:
        network: compiled in place.
        parameters: the `training` block.
        steps: batches of an epoch, by which the learning rate is scheduled.
        fused: see `optimizers.make_optimizer`.
    """
    from casebook.training.optimizers import learning_rate, make_optimizer

    schedule = learning_rate(parameters.schedule, parameters.optimizer.learning_rate, steps * parameters.epochs)
    network.compile(
        optimizer=make_optimizer(parameters.optimizer, schedule, fused=fused),
        loss=make_loss(network, parameters),
        jit_compile=False,
    )
