"""Optimisers and learning-rate schedules by name. Importing this module imports Keras.

`FusedUpdate`'s use of Keras's private parts is checked by `keras_internals`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casebook.config.schema import OptimizerParameters, ScheduleParameters


class FusedUpdate:
    """Compute Adam's step in one kernel a variable: Keras writes the same formula as thirty small operations."""

    # The learning rate of the step that is being applied.
    step_rate: Any = None

    @property
    def learning_rate(self) -> Any:  # noqa: ANN401 - a variable or tensor
        """The current learning rate; Keras computes a schedule's for each variable that decays, here once a step."""
        return super().learning_rate if self.step_rate is None else self.step_rate  # type: ignore[misc]

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:  # noqa: ANN401
        super(FusedUpdate, type(self)).learning_rate.fset(self, rate)  # type: ignore[misc]

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Apply gradients; the learning rate and the powers of the betas, which variables share, are computed once."""
        step = tf.cast(self.iterations + 1, tf.float32)  # type: ignore[attr-defined]  # of Keras's Adam, mixed in below
        self.powers = (tf.pow(self.beta_1, step), tf.pow(self.beta_2, step))  # type: ignore[attr-defined]
        self.step_rate = self.learning_rate
        try:
            super().apply(grads, trainable_variables)  # type: ignore[misc]
        finally:
            self.step_rate = None

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:  # noqa: ANN401 - tensors
        """Update one variable."""
        # A row of an embedding that occurs twice in a batch is updated by Keras's own rule.
        if isinstance(gradient, tf.IndexedSlices) or self.amsgrad or variable.dtype != tf.float32:  # type: ignore[attr-defined]
            super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
            return
        place = self._get_variable_index(variable)  # type: ignore[attr-defined]
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,  # type: ignore[attr-defined]
            v=self._velocities[place].value.handle,  # type: ignore[attr-defined]
            beta1_power=self.powers[0],
            beta2_power=self.powers[1],
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,  # type: ignore[attr-defined]
            beta2=self.beta_2,  # type: ignore[attr-defined]
            epsilon=self.epsilon,  # type: ignore[attr-defined]
            grad=tf.cast(gradient, tf.float32),
        )


class Adam(FusedUpdate, keras.optimizers.Adam):  # type: ignore[misc]  # Keras carries no types
    """Keras's Adam with fused updates."""


class AdamW(FusedUpdate, keras.optimizers.AdamW):  # type: ignore[misc]
    """Keras's AdamW with fused updates."""


FUSED: dict[str, type[Any]] = {"adam": Adam, "adamw": AdamW}
OPTIMIZERS: dict[str, type[Any]] = {
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adamax": keras.optimizers.Adamax,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
    "adagrad": keras.optimizers.Adagrad,
    "adadelta": keras.optimizers.Adadelta,
}


def make_optimizer(
    parameters: OptimizerParameters,
    rate: Any,  # noqa: ANN401 - a schedule or number
    *,
    fused: bool = True,
) -> keras.optimizers.Optimizer:
    """Build an optimiser by name and options.

    Args:
        parameters: the `training.optimizer` block.
        rate: a number, or a schedule of `learning_rate`.
        fused: whether Adam and AdamW compute each variable's step in one kernel.
    """
    options = {name: value for name, value in parameters.options.items() if value is not None}
    kinds = OPTIMIZERS | FUSED if fused else OPTIMIZERS
    return kinds[parameters.name](learning_rate=rate, global_clipnorm=parameters.clip_norm, **options)


def learning_rate(schedule: ScheduleParameters, start: float, steps: int) -> Any:  # noqa: ANN401 - a schedule or number
    """Build a learning-rate schedule over all steps of the training.

    Args:
        schedule: the `training.schedule` block.
        start: the learning rate after the warm-up.
        steps: batches of all epochs.

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
