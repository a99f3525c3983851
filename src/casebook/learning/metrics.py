"""Metrics that Keras lacks or counts otherwise. Importing this module imports Keras."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class RelativeError(keras.metrics.Mean):  # type: ignore[misc]  # Keras carries no types
    """Mean relative error, as a fraction, on the rows whose target is above 0: what `mape` and `rmspe` mean here.

    Keras's own MAPE is a percentage and divides by almost 0 where a target is 0.
    """

    def __init__(self, squared: bool, name: str) -> None:
        """Average absolute errors, or squared ones and take the root."""
        super().__init__(name=name)
        self.squared = squared

    def update_state(self, actual: Any, predicted: Any, sample_weight: Any = None) -> None:  # noqa: ANN401, ARG002 - tensors
        """Add a batch."""
        actual, predicted = (ops.reshape(ops.cast(values, "float32"), (-1,)) for values in (actual, predicted))
        above = ops.cast(actual > 0, "float32")
        error = ops.abs(predicted - actual) / ops.where(actual > 0, actual, 1.0)
        super().update_state(ops.square(error) if self.squared else error, sample_weight=above)

    def result(self) -> Any:  # noqa: ANN401 - a tensor
        """Give the mean so far."""
        mean = super().result()
        return ops.sqrt(mean) if self.squared else mean


def resolve_metric(name: str) -> Any:  # noqa: ANN401 - a metric, or a name that Keras knows
    """Give the metric of a name; names that Keras knows stay names, so that it fits them to the loss."""
    if name == "auc":
        return keras.metrics.AUC(name="auc")
    if name in {"mape", "rmspe"}:
        return RelativeError(squared=name == "rmspe", name=name)
    return keras.metrics.RootMeanSquaredError(name="rmse") if name == "rmse" else name
