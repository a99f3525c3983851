"""Curves of a training: their names, their best epoch, and points that are no finite numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.evaluation.metrics import LOSS, is_greater_better, parse_name

if TYPE_CHECKING:
    from collections.abc import Mapping


def name_curves(metrics: Mapping[str, float], part: str) -> dict[str, float]:
    """Return metrics under the names of their curves: `train/loss`, `val/auc`."""
    return {f"{part}/{name}": value for name, value in metrics.items()}


def read_curves(logs: Mapping[str, float], params: Mapping[str, Any]) -> dict[str, float]:
    """Return Keras's logs under the names of their curves: `train/loss` and `val/auc` for `loss` and `val_auc`.

    Args:
        logs: of an epoch, as callbacks receive them, in the order of the alphabet.
        params: of the training, as callbacks receive them: `part` is what the training rows' curves are called after,
            `metrics` the order of the curves.
    """
    part, order = params.get("part", "train"), list(params.get("metrics", ()))
    names = sorted(logs, key=lambda name: order.index(name) if name in order else len(order))
    return {
        f"val/{name.removeprefix('val_')}" if name.startswith("val_") else f"{part}/{name}": logs[name]
        for name in names
    }


def is_better(name: str, value: float, than: float | None) -> bool:
    """Return whether a point of a curve is better than another; one that is not finite never is."""
    if not math.isfinite(value):
        return False
    return than is None or (value > than if is_greater_better(name) else value < than)


def find_best(name: str, curve: np.ndarray) -> int | None:
    """Find the best point of a curve, the first of equal ones: its index, or None where no point is finite."""
    finite = np.isfinite(curve)
    if not finite.any():
        return None
    heights = curve if is_greater_better(name) else -curve
    return int(np.argmax(np.where(finite, heights, -np.inf)))


def is_loss(name: str) -> bool:
    """Return whether a curve is that of a loss."""
    return parse_name(name).metric == LOSS


def explain_not_finite(metrics: Mapping[str, float], epoch: int) -> dict[str, str]:
    """Describe the points of an epoch that are not finite: by name, a line each."""
    return {
        name: f"{name} is {value} in epoch {epoch}: "
        + ("training diverges" if is_loss(name) or math.isinf(value) else "it is not defined on these rows")
        for name, value in metrics.items()
        if not math.isfinite(value)
    }
