"""Settings of a training that follow from the task, where a case does not state them, and those that fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUTS = {"binary": {"sigmoid", "softmax"}, "multiclass": {"softmax"}, "regression": {"linear"}}
# By the output: targets are class numbers, of which `categorical_crossentropy` would need indicators.
LOSSES = {
    "sigmoid": ("binary_crossentropy", "mse", "mae"), "softmax": ("sparse_categorical_crossentropy",),
    "linear": ("mse", "mae", "mape", "msle", "pinball"),
}  # fmt: skip

# What follows from the task, where a case does not state it.
TRAINING_OF: dict[str, dict[str, Any]] = {
    "binary": {"loss": "binary_crossentropy", "metrics": ["accuracy", "auc"], "network": {"output": "sigmoid"}},
    "multiclass": {
        "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "network": {"output": "softmax"},
    },
    "regression": {"loss": "mse", "metrics": ["mae", "mse"], "network": {"output": "linear"}},
}  # fmt: skip


def training_of(task: str) -> Mapping[str, Any]:
    """Return what a task sets in `training`; of one that does not exist any, so that the task alone is refused."""
    settings: Mapping[str, Any] = TRAINING_OF.get(task, TRAINING_OF["regression"])
    return settings
