"""Tables behind the figures of a regression task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

# Beyond so many rows, single ones no longer show and cells are counted instead.
MAX_DOTS = 2000


def count_pairs(target: np.ndarray, prediction: np.ndarray) -> pd.DataFrame:
    """Count rows in square cells of actual and predicted value.

    The cells reach from the 0.1 % to the 99.9 % quantile of both; the outermost ones hold what lies beyond. Up to
    2,000 rows they are so fine that each row has nearly its own.

    Returns:
        Columns `actual`, `predicted` (the middle of the cell), `rows`, `cell` (its width); cells without rows are
        left out.
    """
    both = np.concatenate([target, prediction]).astype(np.float64)
    low, high = np.quantile(both, [0.001, 0.999])
    cells = 60 if len(target) > MAX_DOTS else 400
    # A target of one value that is always predicted has no width.
    width = (high - low) / cells or 1.0
    places = [np.clip((values - low) // width, 0, cells - 1).astype(np.intp) for values in (target, prediction)]
    found, rows = np.unique(cells * places[0] + places[1], return_counts=True)
    middles = [low + (place + 0.5) * width for place in np.divmod(found, cells)]
    return pd.DataFrame({"actual": middles[0], "predicted": middles[1], "rows": rows, "cell": width})


def count_residuals(target: np.ndarray, prediction: np.ndarray) -> pd.DataFrame:
    """Count rows by residual, predicted minus actual, in 61 bins around 0, or 21 up to 2,000 rows.

    Returns:
        Columns `lower`, `upper`, `rows`; the bins hold the smallest 99 % of the residuals, the outermost ones also
        what lies beyond.
    """
    residual = prediction.astype(np.float64) - target
    reach = float(np.quantile(np.abs(residual), 0.99)) or 1.0
    edges = np.linspace(-reach, reach, 62 if len(target) > MAX_DOTS else 22)
    rows, _ = np.histogram(np.clip(residual, -reach, reach), edges)
    return pd.DataFrame({"lower": edges[:-1], "upper": edges[1:], "rows": rows})


def bin_residuals(target: np.ndarray, prediction: np.ndarray, bins: int = 20) -> pd.DataFrame:
    """Summarise residuals, predicted minus actual, in bins of about equal size by the predicted value.

    Returns:
        Columns `mean_prediction`, `low`, `median`, `high` (10 %, 50 % and 90 % quantile of the residuals), `rows`; one
        row a bin, ascending; small inputs get fewer bins.
    """
    bin_of = _bin_evenly(prediction, max(1, min(bins, len(prediction) // 10)))
    residual = pd.Series(prediction.astype(np.float64) - target)
    quantiles = residual.groupby(bin_of).quantile(np.array([0.1, 0.5, 0.9])).unstack()  # noqa: PD010 - its inverse has no columns
    means = pd.Series(prediction.astype(np.float64)).groupby(bin_of).agg(["mean", "size"])
    return pd.DataFrame(
        {
            "mean_prediction": means["mean"],
            "low": quantiles[0.1],
            "median": quantiles[0.5],
            "high": quantiles[0.9],
            "rows": means["size"],
        }
    ).reset_index(drop=True)


def measure_by_size(target: np.ndarray, predictions: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Average each model's absolute error by decile of the actual value.

    Equal values share a decile, so that there may be fewer than ten; small inputs get fewer too.

    Returns:
        Columns `model`, `decile` (from 1), `lowest`, `highest` (actual value), `rows`, `mae`.
    """
    decile = _bin_evenly(target, max(1, min(10, len(target) // 5)))
    frames = []
    for model, prediction in predictions.items():
        rows = pd.DataFrame({"actual": target.astype(np.float64), "error": np.abs(prediction - target)})
        summary = rows.groupby(decile).agg(
            lowest=("actual", "min"), highest=("actual", "max"), rows=("actual", "size"), mae=("error", "mean")
        )
        summary.insert(0, "model", model)
        summary.insert(1, "decile", range(1, len(summary) + 1))
        frames.append(summary)
    return pd.concat(frames, ignore_index=True)


def list_predictions(target: np.ndarray, prediction: np.ndarray, limit: int = 200) -> pd.DataFrame:
    """List the first rows with prediction and actual value.

    Returns:
        Columns `actual`, `prediction`, `error` (predicted minus actual); at most `limit` rows in their order.
    """
    actual, head = target[:limit], prediction[:limit]
    return pd.DataFrame({"actual": actual, "prediction": head, "error": head - actual})


def _bin_evenly(values: np.ndarray, bins: int) -> np.ndarray:
    """Assign each value to a bin of about equal size; equal values share one, so that there may be fewer."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    return np.searchsorted(edges[1:-1], values, side="right")
