"""The Keras callback that hands each epoch to a monitor. Importing this module imports Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from casebook.learning.training import Monitor


class ReportingCallback(keras.callbacks.Callback):  # type: ignore[misc]  # Keras carries no types
    """Tell a monitor of steps and epochs, and keep the history under the names used everywhere."""

    def __init__(self, monitor: Monitor, per_execution: int) -> None:
        """Keep the monitor and how many steps one batch callback stands for."""
        super().__init__()
        self.monitor = monitor
        self.per_execution = per_execution
        self.history: list[dict[str, float]] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - Keras's names
        """Advance the progress bar."""
        self.monitor.advance(self.per_execution)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report one point a curve."""
        metrics = {curve_name(name): float(value) for name, value in (logs or {}).items()}
        self.history.append({"epoch": epoch + 1, **metrics})
        self.monitor.epoch(epoch + 1, metrics)


def curve_name(name: str) -> str:
    """Turn Keras's `val_auc` into `val/auc` and `auc` into `train/auc`."""
    return f"val/{name.removeprefix('val_')}" if name.startswith("val_") else f"train/{name}"


def reporting_callback(monitor: Monitor, per_execution: int) -> ReportingCallback:
    """Make the callback."""
    return ReportingCallback(monitor, per_execution)
