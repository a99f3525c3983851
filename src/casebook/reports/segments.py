"""Where a model errs: scores of segments of the test rows, and the rows of the largest error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from casebook.evaluation.intervals import draw_counts, find_interval, number_keys
from casebook.plots.style import write_number
from casebook.reports.column_groups import OTHERS, group_rows, write_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from casebook.reports.judged import Judged

MOST_GROUPS, LEAST_GROUPS, ROWS_A_GROUP = 6, 2, 30
LEAST_ROWS, LEAST_SHARE = 20, 0.005
SHOWN_SEGMENTS, WORST_ROWS = 15, 12
RESAMPLES = 200
MAX_CELL = 60


def score_segments(own: Judged, rows: pd.DataFrame, keys: pd.Series) -> list[dict[str, Any]]:
    """Score each segment of each column, and return those that are worse than all rows together.

    Args:
        own: predictions of the rows.
        rows: raw columns.
        keys: of the rows, by which the intervals are bootstrapped.

    Returns:
        `column`, `value`, `rows`, `share`, `score` (the task's first metric), `low`, `high`, `mean_actual`,
        `mean_predicted` (None for several classes); the worst first. Segments of fewer rows than `LEAST_ROWS` or of a
        smaller share than `LEAST_SHARE` are left out.
    """
    metric = own.row_metric
    scores, weights = own.score_rows(metric), np.ones(len(keys)) if own.weights is None else own.weights
    overall = float(np.average(scores, weights=weights))
    found = []
    for column, value, inside in _list_segments(rows):
        score = float(np.average(scores[inside], weights=weights[inside]))
        if metric.sign * (score - overall) < 0:
            found.append((metric.sign * score, column, value, inside, score))
    worst = sorted(found, key=lambda each: each[0])[:SHOWN_SEGMENTS]
    ends = _bootstrap([inside for *_, inside, _ in worst], scores * weights, weights, keys)
    return [
        {
            "column": str(column), "value": value, "rows": int(inside.sum()), "share": float(inside.mean()),
            "score": score, "low": low, "high": high, **_average(own, inside, weights),
        }
        for (_, column, value, inside, score), (low, high) in zip(worst, ends, strict=True)
    ]  # fmt: skip


def list_worst_rows(own: Judged, rows: pd.DataFrame, labels: Sequence[str]) -> dict[str, Any]:
    """List the rows of largest loss with their raw values.

    Args:
        own: predictions of the rows.
        rows: raw columns.
        labels: of the classes by number.

    Returns:
        `columns` and `rows` (texts), with the row's place among the test rows, its actual and predicted value.
    """
    order = np.argsort(-own.losses, kind="stable")[:WORST_ROWS]
    values = rows.iloc[order]
    shown = [
        [str(place), *outcome, *(write_value(value, MAX_CELL) for value in cells)]
        for place, outcome, cells in zip(
            values.index,
            (_write_outcome(own, row, labels) for row in order),
            values.itertuples(index=False),
            strict=True,
        )
    ]
    probability = f"probability of {labels[1]}" if own.task == "binary" else "probability"
    answers = ["predicted"] if own.task == "regression" else ["predicted", probability]
    return {"columns": ["test row", "actual", *answers, *(str(name) for name in rows)], "rows": shown}


def _list_segments(rows: pd.DataFrame) -> Any:  # noqa: ANN401 - an iterator of triples
    limit = max(LEAST_GROUPS, min(MOST_GROUPS, len(rows) // ROWS_A_GROUP))
    for column in rows:
        groups = group_rows(rows[column], limit)
        for number, value in enumerate(groups.labels):
            inside = groups.codes == number
            large = inside.sum() >= LEAST_ROWS and inside.mean() >= LEAST_SHARE
            if large and not inside.all() and not value.startswith(OTHERS):
                yield column, value, inside


def _bootstrap(
    members: list[np.ndarray], sums: np.ndarray, weights: np.ndarray, keys: pd.Series
) -> list[tuple[float | None, float | None]]:
    """Bootstrap the mean of each segment from its sums by key, all segments at once."""
    if not members:
        return []
    codes = number_keys(keys, len(keys))
    size = int(codes.max()) + 1
    above, below = (
        np.stack([np.bincount(codes[inside], part[inside], size) for inside in members], axis=1)
        for part in (sums, weights)
    )
    with threadpool_limits(1, user_api="blas"), np.errstate(invalid="ignore", divide="ignore"):
        means = [(counts @ above) / (counts @ below) for counts in draw_counts(codes, RESAMPLES)]
    intervals = [find_interval(column) for column in np.stack(means, axis=1)]
    return [(None, None) if np.isnan(low) else (low, high) for low, high in intervals]


def _average(own: Judged, inside: np.ndarray, weights: np.ndarray) -> dict[str, float | None]:
    if own.task == "multiclass":
        return {"mean_actual": None, "mean_predicted": None}
    means = (float(np.average(each[inside], weights=weights[inside])) for each in (own.target, own.outputs))
    return dict(zip(("mean_actual", "mean_predicted"), means, strict=True))


def _write_outcome(own: Judged, row: int, labels: Sequence[str]) -> list[str]:
    if own.task == "regression":
        return [write_number(float(own.target[row])), write_number(float(own.outputs[row]))]
    chosen = int(own.classes[row])
    probability = own.outputs[row] if own.task == "binary" else own.outputs[row, chosen]
    return [labels[int(own.target[row])], labels[chosen], f"{probability:.3f}"]
