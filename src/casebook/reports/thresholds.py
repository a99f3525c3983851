"""Counts of right and wrong classes at every threshold, behind the page's slider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from casebook.reports.judged import Judged

STEPS = 200


def count_by_threshold(own: Judged) -> list[dict[str, Any]]:
    """Count the test rows by actual and predicted class at evenly spaced thresholds and at the model's own.

    Returns:
        `threshold`, and the (weighted) rows `tp`, `fp`, `tn`, `fn`, by ascending threshold. Accuracy, F1, precision,
        recall and cost follow from them, on the page as in `evaluation.metrics`.
    """
    grid = np.unique(np.append(np.round(np.linspace(0, 1, STEPS + 1), 3), own.threshold))
    weights = np.ones(len(own.target)) if own.weights is None else own.weights
    order = np.argsort(own.outputs, kind="stable")
    positive = own.target[order] == 1
    below = [np.append(0.0, np.cumsum(weights[order] * each)) for each in (positive, ~positive)]
    # A row is predicted 1 where its probability reaches the threshold, see `apply_threshold`.
    places = np.searchsorted(own.outputs[order], grid, side="left")
    found = []
    for threshold, place in zip(grid, places, strict=True):
        missed, rejected = (float(each[place]) for each in below)
        found.append(
            {
                "threshold": float(threshold), "tp": float(below[0][-1]) - missed, "fn": missed,
                "fp": float(below[1][-1]) - rejected, "tn": rejected,
            }
        )  # fmt: skip
    return found
