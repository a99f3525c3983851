"""Early stopping, with a state that a checkpoint holds, and the epoch whose weights are kept."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from casebook.training.callbacks import TrainingCallback
from casebook.training.curves import explain_divergence, find_kept, is_better, read_curves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import pandas as pd

    from casebook.config.schema.training import EarlyStoppingParameters, TrainingParameters


LOGGER = logging.getLogger(__name__)


class TrainingError(RuntimeError):
    """A training that yields no network; the message says why and what to do."""


class DivergedError(TrainingError):
    """A training whose kept weights are those of an epoch in which it diverged."""


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
            Whether to stop here: nothing got better for as long as `patience` lasts, or training diverged, in which
            epoch no weights are the best.

        Raises:
            TrainingError: the curve is not defined on its rows.
        """
        if explain_divergence(metrics):
            return True
        if not self.parameters.patience:
            return False
        watched = self.parameters.metric
        if math.isnan(metrics[watched]):
            raise TrainingError(
                f"training.early_stopping.metric {watched} is not defined on these rows (of one class, or without a "
                "target above 0), so that it cannot stop a training: give val/loss or another split"
            )
        if is_better(watched, metrics[watched], self.best):
            self.best, self.waited = metrics[watched], 0
            self.weights = weights() if self.parameters.restore_best else []
            return False
        self.waited += 1
        return self.waited >= self.parameters.patience

    def describe(self) -> dict[str, Any]:
        """Return the state without the weights, as values that JSON can hold."""
        return {"best": self.best, "waited": self.waited}

    def restore(self, state: Mapping[str, Any], weights: Sequence[np.ndarray]) -> None:
        """Load a state that `describe` returned, and the weights of the best epoch."""
        self.best, self.waited, self.weights = state["best"], state["waited"], list(weights)


def kept_epoch(history: pd.DataFrame, training: TrainingParameters) -> int:
    """Find the index of the epoch whose weights the network has: the last, or the best where those are restored.

    Raises:
        DivergedError: training diverged in that epoch, so its weights are worth nothing.
    """
    stopping, kept = training.early_stopping, len(history) - 1
    if stopping.patience and stopping.restore_best and stopping.metric in history:
        best = find_kept(stopping.metric, history)
        kept = kept if best is None else best
    told = explain_divergence(history.iloc[kept].to_dict())
    if told:
        rate = training.optimizer.learning_rate
        raise DivergedError(
            f"training diverged: {told} in epoch {history['epoch'].iloc[kept]}, whose weights would be kept; lower "
            f"training.optimizer.learning_rate ({rate:g}) or give training.optimizer.clip_norm"
        )
    return kept


def warn_of_divergence(history: pd.DataFrame, kept: int) -> None:
    """Say in which epoch a training diverged whose earlier weights are kept."""
    told = explain_divergence(history.iloc[-1].to_dict())
    if told:
        epochs = history["epoch"]
        LOGGER.warning(
            "training diverged: %s in epoch %s; the weights of epoch %s are kept", told, epochs.iloc[-1], epochs[kept]
        )


def without_early_stopping(training: TrainingParameters, epochs: int) -> TrainingParameters:
    """Return the parameters of a training of so many epochs without early stopping."""
    stopping = training.early_stopping.model_copy(update={"patience": 0})
    return training.model_copy(update={"epochs": epochs, "early_stopping": stopping})
