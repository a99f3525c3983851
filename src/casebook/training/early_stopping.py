"""Early stopping, with a state that a checkpoint holds, and the epoch whose weights are kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from casebook.training.callbacks import TrainingCallback
from casebook.training.curves import find_best, is_better, is_loss, read_curves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import pandas as pd

    from casebook.config.schema.training import EarlyStoppingParameters, TrainingParameters


class TrainingError(RuntimeError):
    """A training that yields no network; the message says why and what to do."""


class DivergedError(TrainingError):
    """A training whose kept weights are those of an epoch without a finite loss."""


@dataclass
class EarlyStopping(TrainingCallback):
    """Stop a training by the rule of Keras's callback of this name, except that no best epoch is one of NaN.

    Keras's own keeps neither its patience nor its best weights over a kill.

    Attributes:
        parameters: the `early_stopping` block.
        best: the best value so far.
        waited: epochs since then.
        weights: those of the best epoch, where they are to be restored.
    """

    parameters: EarlyStoppingParameters
    best: float | None = None
    waited: int = 0
    weights: list[np.ndarray] = field(default_factory=list)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        """Set `model.stop_training` when it is time to stop."""
        if self.update(read_curves(logs or {}, self.params), self.model.get_weights):
            self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        """Restore the weights of the best epoch, where `restore_best` is set."""
        if self.weights:
            self.model.set_weights(self.weights)

    def update(self, metrics: Mapping[str, float], weights: Callable[[], list[np.ndarray]]) -> bool:
        """Update the state by an epoch.

        Args:
            metrics: its curves' points, `val/loss` and so on.
            weights: returns the network's present weights.

        Returns:
            Whether to stop here: nothing got better for as long as `patience` lasts, or a loss is NaN, from which no
            training comes back.

        Raises:
            TrainingError: the curve is not defined on its rows.
        """
        diverged = any(math.isnan(value) for name, value in metrics.items() if is_loss(name))
        if not self.parameters.patience:
            return diverged
        watched = self.parameters.metric
        if not diverged and math.isnan(metrics[watched]):
            raise TrainingError(
                f"training.early_stopping.metric {watched} is not defined on these rows (of one class, or without a "
                "target above 0), so that it cannot stop a training: give val/loss or another split"
            )
        if is_better(watched, metrics[watched], self.best):
            self.best, self.waited = metrics[watched], 0
            self.weights = weights() if self.parameters.restore_best else []
            return diverged
        self.waited += 1
        return diverged or self.waited >= self.parameters.patience

    def describe(self) -> dict[str, Any]:
        """Return the state without the weights, as values that JSON can hold."""
        return {"best": self.best, "waited": self.waited}

    def restore(self, state: Mapping[str, Any], weights: Sequence[np.ndarray]) -> None:
        """Load a state that `describe` returned, and the weights of the best epoch."""
        self.best, self.waited, self.weights = state["best"], state["waited"], list(weights)


def kept_epoch(history: pd.DataFrame, training: TrainingParameters) -> int:
    """Find the index of the epoch whose weights the network has: the last, or the best where those are restored.

    Raises:
        DivergedError: that epoch has no finite loss, so its weights are worth nothing.
    """
    stopping, kept = training.early_stopping, len(history) - 1
    if stopping.patience and stopping.restore_best and stopping.metric in history:
        best = find_best(stopping.metric, history[stopping.metric].to_numpy(float))
        kept = kept if best is None else best
    losses = {str(name): float(history[name].iloc[kept]) for name in history if is_loss(str(name))}
    for name, value in losses.items():
        if not math.isfinite(value):
            rate = training.optimizer.learning_rate
            raise DivergedError(
                f"training diverged: {name} is {value} in epoch {history['epoch'].iloc[kept]}, whose weights would be "
                f"kept; lower training.optimizer.learning_rate ({rate:g}) or give training.optimizer.clip_norm"
            )
    return kept


def without_early_stopping(training: TrainingParameters, epochs: int) -> TrainingParameters:
    """Return the parameters of a training of so many epochs without early stopping."""
    stopping = training.early_stopping.model_copy(update={"patience": 0})
    return training.model_copy(update={"epochs": epochs, "early_stopping": stopping})
