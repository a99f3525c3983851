"""Tables behind the figures of a binary task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.evaluation.scores import apply_threshold, compute_auc

if TYPE_CHECKING:
    from collections.abc import Mapping

CURVE_POINTS = 500


def count_confusion(target: np.ndarray, probability: np.ndarray, threshold: float) -> pd.DataFrame:
    """Count rows by actual and predicted class.

    Returns:
        Four rows with `actual`, `predicted`, `rows`, `row_share` (of the rows of that actual class; 0 without any).
    """
    counts = np.bincount(2 * target.astype(np.intp) + apply_threshold(probability, threshold), minlength=4)
    totals = counts.reshape(2, 2).sum(axis=1).repeat(2)
    return pd.DataFrame(
        {
            "actual": [0, 0, 1, 1],
            "predicted": [0, 1, 0, 1],
            "rows": counts,
            "row_share": counts / np.maximum(totals, 1),
        }
    )


def trace_roc(target: np.ndarray, probabilities: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Compute the ROC curve of each model.

    Args:
        target: Shape (rows,), 0 or 1, both present.
        probabilities: For each model its probability of 1, shape (rows,).

    Returns:
        Columns `model`, `threshold` (null at the start, where nothing is predicted 1), `false_positive_rate`,
        `true_positive_rate`, `auc` (exact, from all rows); at most 500 rows a model, ends included.

    Raises:
        ValueError: The target holds one class only.
    """
    return pd.concat([_trace_roc(target, *item) for item in probabilities.items()], ignore_index=True)


def trace_precision_recall(target: np.ndarray, probabilities: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Compute the precision-recall curve of each model.

    Args:
        target: Shape (rows,), 0 or 1, both present.
        probabilities: For each model its probability of 1, shape (rows,).

    Returns:
        Columns `model`, `threshold` (null at recall 0), `recall` (ascending), `precision`, `average_precision` (exact,
        from all rows), `base_rate` (share of 1); at most 500 rows a model, ends included.
    """
    return pd.concat([_trace_precision_recall(target, *item) for item in probabilities.items()], ignore_index=True)


def bin_reliability(target: np.ndarray, probability: np.ndarray, bins: int = 20) -> pd.DataFrame:
    """Compare predicted probabilities with observed shares in bins of about equal size.

    Equal probabilities share a bin; small inputs get fewer bins, so that one holds about 20 rows or more.

    Returns:
        Columns `mean_probability`, `observed_share`, `observed_low` and `observed_high` (95 % Wilson interval), `rows`;
        one row a bin, ascending.
    """
    values = probability.astype(np.float64)
    steps = max(1, min(bins, len(values) // 20))
    edges = np.unique(np.quantile(values, np.linspace(0, 1, steps + 1)))
    index = np.searchsorted(edges[1:-1], values, side="right")
    rows = np.bincount(index)
    used = rows > 0
    rows = rows[used]
    observed = np.bincount(index, weights=target)[used] / rows
    low, high = _compute_wilson(observed, rows)
    return pd.DataFrame(
        {
            "mean_probability": np.bincount(index, weights=values)[used] / rows,
            "observed_share": observed,
            "observed_low": low,
            "observed_high": high,
            "rows": rows,
        }
    )


def count_probabilities(target: np.ndarray, probability: np.ndarray, bins: int = 50) -> pd.DataFrame:
    """Count rows by probability and actual class.

    Returns:
        Columns `actual` (0, then 1), `lower`, `upper` (bin edges, equal widths from 0 to 1), `rows`.
    """
    edges = np.linspace(0, 1, bins + 1)
    counts = [np.histogram(probability[target == actual], edges)[0] for actual in (0, 1)]
    return pd.DataFrame(
        {
            "actual": np.repeat([0, 1], bins),
            "lower": np.tile(edges[:-1], 2),
            "upper": np.tile(edges[1:], 2),
            "rows": np.concatenate(counts),
        }
    )


def list_probabilities(target: np.ndarray, probability: np.ndarray, threshold: float, limit: int = 200) -> pd.DataFrame:
    """List the first rows with prediction and actual value.

    Returns:
        Columns `probability` (of 1), `class` (predicted), `actual`; at most `limit` rows in their order.
    """
    head = probability[:limit]
    return pd.DataFrame(
        {"probability": head, "class": apply_threshold(head, threshold), "actual": target[:limit].astype(np.int8)}
    )


def melt_history(history: pd.DataFrame) -> pd.DataFrame:
    """Melt one column a curve into one row a point.

    Args:
        history: Column `epoch` and curves named `train/<metric>` and `val/<metric>`; other columns are ignored.

    Returns:
        Columns `metric` (in the order of the history), `part` (`train` or `val`), `epoch`, `value`; finite points only.

    Raises:
        ValueError: There is no `epoch` column or no curve.
    """
    curves = [name for name in history.columns if name.startswith(("train/", "val/"))]
    if "epoch" not in history.columns or not curves:
        raise ValueError(
            f"history needs a column epoch and curves like train/loss; it has {', '.join(history.columns) or 'none'}"
        )
    points = history.melt("epoch", curves, var_name="curve")
    points = points[np.isfinite(points["value"].to_numpy(np.float64))].reset_index(drop=True)
    part, metric = (points["curve"].str.partition("/")[place] for place in (0, 2))
    order = list(dict.fromkeys(name.partition("/")[2] for name in curves))
    points = pd.DataFrame({"metric": metric, "part": part, "epoch": points["epoch"], "value": points["value"]})
    return points.sort_values("metric", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)


def _trace_roc(target: np.ndarray, model: str, probability: np.ndarray) -> pd.DataFrame:
    from sklearn.metrics import roc_curve

    auc = compute_auc(target, probability)
    false_positive, true_positive, threshold = roc_curve(target, probability)
    kept = _thin(false_positive + true_positive)
    return pd.DataFrame(
        {
            "model": model,
            "threshold": np.where(np.isinf(threshold), np.nan, threshold)[kept],
            "false_positive_rate": false_positive[kept],
            "true_positive_rate": true_positive[kept],
            "auc": auc,
        }
    )


def _trace_precision_recall(target: np.ndarray, model: str, probability: np.ndarray) -> pd.DataFrame:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    precision, recall, threshold = precision_recall_curve(target, probability, drop_intermediate=True)
    # scikit-learn runs from recall 1 to 0 and adds the point at recall 0 without a threshold.
    kept = _thin(recall[::-1])
    return pd.DataFrame(
        {
            "model": model,
            "threshold": np.append(threshold, np.nan)[::-1][kept],
            "recall": recall[::-1][kept],
            "precision": precision[::-1][kept],
            "average_precision": float(average_precision_score(target, probability)),
            "base_rate": float(np.mean(target)),
        }
    )


def _thin(position: np.ndarray) -> np.ndarray:
    """Select at most `CURVE_POINTS` indices spread evenly over ascending positions, both ends included."""
    if len(position) <= CURVE_POINTS:
        return np.arange(len(position))
    wanted = np.linspace(position[0], position[-1], CURVE_POINTS - 1)
    return np.unique(np.append(np.searchsorted(position, wanted), len(position) - 1))


def _compute_wilson(share: np.ndarray, rows: np.ndarray, z: float = 1.96) -> tuple[np.ndarray, np.ndarray]:
    """Compute the Wilson score interval (1927), which stays within 0 and 1 for shares near them."""
    centre = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2)) / (1 + z**2 / rows)
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)
