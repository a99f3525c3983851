"""Tables behind the figures of a multiclass task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping


def count_class_confusion(target: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Count rows by actual and predicted class, the predicted one being the most probable.

    Args:
        target: Shape (rows,), class numbers from 0.
        probability: Shape (rows, classes).

    Returns:
        A row for every pair of classes with `actual`, `predicted`, `rows`, `row_share` (of the rows of that actual
        class; 0 without any).
    """
    classes = probability.shape[1]
    pairs = classes * target.astype(np.intp) + probability.argmax(axis=1)
    counts = np.bincount(pairs, minlength=classes**2)
    totals = counts.reshape(classes, classes).sum(axis=1).repeat(classes)
    return pd.DataFrame(
        {
            "actual": np.arange(classes).repeat(classes),
            "predicted": np.tile(np.arange(classes), classes),
            "rows": counts,
            "row_share": counts / np.maximum(totals, 1),
        }
    )


def score_classes(target: np.ndarray, probabilities: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Compute each model's accuracy on the rows of each actual class.

    Args:
        target: Shape (rows,), class numbers from 0.
        probabilities: For each model its probabilities, shape (rows, classes).

    Returns:
        Columns `model`, `class`, `rows` (of that actual class), `accuracy` (null without any).
    """
    return pd.concat([_score_classes(target, *item) for item in probabilities.items()], ignore_index=True)


def count_confidences(probability: np.ndarray, bins: int = 50) -> pd.DataFrame:
    """Count rows by the probability of their most probable class.

    Returns:
        Columns `lower`, `upper` (bin edges, equal widths from 0 to 1), `rows`.
    """
    edges = np.linspace(0, 1, bins + 1)
    rows, _ = np.histogram(probability.max(axis=1), edges)
    return pd.DataFrame({"lower": edges[:-1], "upper": edges[1:], "rows": rows})


def list_class_probabilities(target: np.ndarray, probability: np.ndarray, limit: int = 200) -> pd.DataFrame:
    """List the first rows with prediction and actual value.

    Returns:
        Columns `actual`, `predicted`, `probability_0`, `probability_1` ...; at most `limit` rows in their order.
    """
    head = probability[:limit]
    frame = {"actual": target[:limit].astype(np.int64), "predicted": head.argmax(axis=1)}
    return pd.DataFrame(frame | {f"probability_{number}": head[:, number] for number in range(head.shape[1])})


def _score_classes(target: np.ndarray, model: str, probability: np.ndarray) -> pd.DataFrame:
    classes = probability.shape[1]
    labels = target.astype(np.intp)
    rows = np.bincount(labels, minlength=classes)
    hits = np.bincount(labels[probability.argmax(axis=1) == labels], minlength=classes)
    accuracy = np.divide(hits, rows, out=np.full(classes, np.nan), where=rows > 0)
    return pd.DataFrame({"model": model, "class": np.arange(classes), "rows": rows, "accuracy": accuracy})
