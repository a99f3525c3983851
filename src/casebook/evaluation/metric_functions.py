"""Computation of the metrics; `metrics` registers their names, tasks and directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    # The score of prepared rows by their weights; None for equal ones.
    Scorer = Callable[[np.ndarray | None], float]


def mean_scorer(values: np.ndarray, counted: np.ndarray | None) -> Scorer:
    """Return a scorer of the mean of a number a row, over the rows that count (None for all)."""
    if counted is not None:
        values = np.where(counted, values, 0.0)

    def mean(weights: np.ndarray | None) -> float:
        if weights is None:
            kept = values if counted is None else values[counted]
            return float(np.mean(kept)) if len(kept) else float("nan")
        weights = weights if counted is None else weights * counted
        total = weights.sum()
        return float(weights @ values / total) if total else float("nan")

    return mean


def area_scorer(target: np.ndarray, probability: np.ndarray) -> Scorer:
    """Return a scorer of the area under the ROC curve: the share of correctly ordered pairs of both classes, ties half.

    Exact on all rows, where Keras's has 200 thresholds. scikit-learn's takes 4 to 100 times as long.
    """
    positive = target == 1
    places: list[np.ndarray] = []

    def area_of_all() -> float:
        above, below = np.sort(probability[positive]), np.sort(probability[~positive])
        if not len(above) or not len(below):
            return float("nan")
        beaten = sum(int(np.searchsorted(below, above, side).sum()) for side in ("left", "right"))
        return beaten / 2 / (len(above) * len(below))

    def area(weights: np.ndarray | None) -> float:
        if np.isnan(probability).any():
            return float("nan")
        if weights is None:
            return area_of_all()
        if not places:
            places.append(np.unique(probability, return_inverse=True)[1])
        above = np.bincount(places[0], weights * positive)
        below = np.bincount(places[0], weights * ~positive)
        pairs = above.sum() * below.sum()
        return float(above @ (np.cumsum(below) - below / 2) / pairs) if pairs else float("nan")

    return area


def f1_scorer(target: np.ndarray, chosen: np.ndarray) -> Scorer:
    """Return a scorer of F1: twice the true positives over actual and predicted positives; NaN without either."""
    actual, predicted = target == 1, chosen == 1

    def f1(weights: np.ndarray | None) -> float:
        both, actual_total, predicted_total = (
            _total(rows, weights) for rows in (actual & predicted, actual, predicted)
        )
        total = actual_total + predicted_total
        return float(2 * both / total) if total else float("nan")

    return f1


def _total(rows: np.ndarray, weights: np.ndarray | None) -> float:
    return float(np.count_nonzero(rows) if weights is None else weights @ rows)


def correct_predictions(target: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Compute whether each row's class was predicted, as 1 or 0; float64 of shape (rows,)."""
    found: np.ndarray = (chosen == target).astype(np.float64)
    return found


def log_losses(target: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Compute minus the log of the true class's probability, clipped by its type's epsilon as scikit-learn does.

    Args:
        target: shape (rows,): 0 or 1, or class numbers.
        probability: of class 1, shape (rows,), or of each class, shape (rows, classes).

    Returns:
        float64 of shape (rows,).
    """
    if probability.ndim == 2:
        of_truth = probability[np.arange(len(target)), target.astype(np.intp)]
    else:
        of_truth = np.where(target == 1, probability, 1 - probability)
    precision = of_truth.dtype if np.issubdtype(of_truth.dtype, np.floating) else np.float64
    epsilon = float(np.finfo(precision).eps)
    losses: np.ndarray = -np.log(np.clip(of_truth.astype(np.float64), epsilon, 1 - epsilon))
    return losses


def absolute_errors(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Compute each row's absolute error; float64 of shape (rows,)."""
    return np.abs(value.astype(np.float64) - target.astype(np.float64))


def relative_errors(target: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Compute each row's absolute error as a fraction of its target; float64 of shape (rows,)."""
    return absolute_errors(target, value) / target.astype(np.float64)


def above_zero(target: np.ndarray) -> np.ndarray:
    """Return which rows have a target above 0: bool of shape (rows,)."""
    above: np.ndarray = target > 0
    return above
