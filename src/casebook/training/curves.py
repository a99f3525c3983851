"""Curves of a training: their names, their best epoch, and points that are no finite numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.evaluation.metrics import LOSS, is_greater_better, parse_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


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


def has_diverged(name: str, value: float) -> bool:
    """Return whether a point of a curve shows that training diverged: no finite loss, or infinity in any curve.

    A metric of NaN shows no more than that its rows do not define it.
    """
    return math.isinf(value) or (is_loss(name) and math.isnan(value))


def find_kept(name: str, history: pd.DataFrame) -> int | None:
    """Find the best epoch of a training that has not diverged in it, of equal ones the first.

    Args:
        name: of the curve that tells.
        history: a row an epoch, a column a curve.

    Returns:
        Its place, or None where there is none.
    """
    sound = np.array([not explain_divergence(row) for row in history.to_dict("records")], dtype=bool)
    return find_best(name, np.where(sound, history[name].to_numpy(np.float64), np.nan))


def explain_divergence(points: Mapping[Any, float]) -> str:
    """Name the first point of an epoch that shows divergence, with its value; nothing where none does."""
    found = ((str(name), value) for name, value in points.items() if name != "epoch")
    return next((f"{name} is {value}" for name, value in found if has_diverged(name, value)), "")


def explain_not_finite(metrics: Mapping[str, float], epoch: int) -> dict[str, str]:
    """Describe the points of an epoch that are not finite: by name, a line each."""
    return {
        name: f"{name} is {value} in epoch {epoch}: "
        + ("training diverges" if has_diverged(name, value) else "it is not defined on these rows")
        for name, value in metrics.items()
        if not math.isfinite(value)
    }
