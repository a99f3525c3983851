"""Stopping a training early, with a state that can be kept and taken up again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import pandas as pd

    from casebook.parameters.training import EarlyStoppingParameters, TrainingParameters


@dataclass
class EarlyStopping:
    """Watches one curve; the same rule as Keras's callback of this name.

    Attributes:
        parameters: the `early_stopping` block.
        best: the best value so far.
        waited: epochs since then.
        weights: those of the best epoch, where they are to come back.
    """

    parameters: EarlyStoppingParameters
    best: float | None = None
    waited: int = 0
    weights: list[np.ndarray] = field(default_factory=list)

    def hear(self, metrics: Mapping[str, float], weights: Callable[[], list[np.ndarray]]) -> bool:
        """Hear of an epoch.

        Args:
            metrics: its curves' points, `val/loss` and so on.
            weights: gives the network's present weights.

        Returns:
            Whether to stop here.
        """
        if not self.parameters.patience:
            return False
        now = metrics[self.parameters.metric]
        if self.best is None or self._is_better(now, self.best):
            self.best, self.waited = now, 0
            self.weights = weights() if self.parameters.restore_best else []
            return False
        self.waited += 1
        return self.waited >= self.parameters.patience

    def describe(self) -> dict[str, Any]:
        """Give the state but for the weights, as values that JSON can hold."""
        return {"best": self.best, "waited": self.waited}

    def restore(self, state: Mapping[str, Any], weights: Sequence[np.ndarray]) -> None:
        """Take up a state that `describe` gave, and the weights of the best epoch."""
        self.best, self.waited, self.weights = state["best"], state["waited"], list(weights)

    def _is_better(self, value: float, than: float) -> bool:
        # Losses and errors fall, shares rise.
        rises = self.parameters.metric.endswith(("accuracy", "auc"))
        return value > than if rises else value < than


def kept_epoch(history: pd.DataFrame, training: TrainingParameters) -> int:
    """Give the place of the epoch whose weights the network has: the last, or the best where those are restored."""
    stopping = training.early_stopping
    if not stopping.patience or not stopping.restore_best or stopping.metric not in history:
        return len(history) - 1
    curve = history[stopping.metric].to_numpy()
    return int(curve.argmax() if stopping.metric.endswith(("accuracy", "auc")) else curve.argmin())


def without_stopping(training: TrainingParameters, epochs: int) -> TrainingParameters:
    """Give a training of so many epochs, for rows of which none are held out to stop by."""
    stopping = training.early_stopping.model_copy(update={"patience": 0})
    return training.model_copy(update={"epochs": epochs, "early_stopping": stopping})
