"""Where a model errs: scores of segments of the test rows, and the rows of the largest error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.evaluation.intervals import draw_counts, find_interval, number_keys
from casebook.plots.style import shorten, write_number
from casebook.reports.column_groups import OTHERS, group_rows

if TYPE_CHECKING:
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
    members = list(_list_segments(rows))
    if not members:
        return []
    ends = _bootstrap(members, scores * weights, weights, keys)
    found = []
    for (column, value, inside), (low, high) in zip(members, ends, strict=True):
        score = float(np.average(scores[inside], weights=weights[inside]))
        found.append(
            {
                "column": str(column), "value": value, "rows": int(inside.sum()), "share": float(inside.mean()),
                "score": score, "low": low, "high": high, **_average(own, inside, weights),
            }
        )  # fmt: skip
    overall = float(np.average(scores, weights=weights))
    worse = [each for each in found if metric.sign * (each["score"] - overall) < 0]
    return sorted(worse, key=lambda each: metric.sign * each["score"])[:SHOWN_SEGMENTS]


def list_worst_rows(own: Judged, rows: pd.DataFrame) -> dict[str, Any]:
    """List the rows of largest loss with their raw values.

    Returns:
        `columns` and `rows` (texts), with the row's place among the test rows, its actual and predicted value.
    """
    order = np.argsort(-own.losses, kind="stable")[:WORST_ROWS]
    values = rows.iloc[order]
    shown = [
        [str(place), *outcome, *(_write_cell(value) for value in cells)]
        for place, outcome, cells in zip(
            values.index, (_write_outcome(own, row) for row in order), values.itertuples(index=False), strict=True
        )
    ]
    answers = ["predicted"] if own.task == "regression" else ["predicted", "probability"]
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
    members: list[Any], sums: np.ndarray, weights: np.ndarray, keys: pd.Series
) -> list[tuple[float | None, float | None]]:
    """Bootstrap the mean of each segment from its sums by key, all segments at once."""
    codes = number_keys(keys, len(keys))
    counts = np.stack(list(draw_counts(codes, RESAMPLES))).astype(np.float64)
    ends: list[tuple[float | None, float | None]] = []
    for _, _, inside in members:
        totals = [np.bincount(codes[inside], part[inside], counts.shape[1]) for part in (sums, weights)]
        above, below = (counts @ total for total in totals)
        with np.errstate(invalid="ignore", divide="ignore"):
            low, high = find_interval(above / below)
        ends.append((None, None) if np.isnan(low) else (low, high))
    return ends


def _average(own: Judged, inside: np.ndarray, weights: np.ndarray) -> dict[str, float | None]:
    if own.task == "multiclass":
        return {"mean_actual": None, "mean_predicted": None}
    means = (float(np.average(each[inside], weights=weights[inside])) for each in (own.target, own.outputs))
    return dict(zip(("mean_actual", "mean_predicted"), means, strict=True))


def _write_outcome(own: Judged, row: int) -> list[str]:
    if own.task == "regression":
        return [write_number(float(own.target[row])), write_number(float(own.outputs[row]))]
    chosen = int(own.classes[row])
    probability = own.outputs[row] if own.task == "binary" else own.outputs[row, chosen]
    return [str(int(own.target[row])), str(chosen), f"{probability:.3f}"]


def _write_cell(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else write_number(float(value))
    return "" if value is None or value is pd.NA or value is pd.NaT else shorten(str(value), MAX_CELL)
