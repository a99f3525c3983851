"""Effect of a column: mean prediction and mean target of the test rows by its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.reports.column_groups import group_rows

if TYPE_CHECKING:
    import pandas as pd

    from casebook.reports.judged import Judged

MAX_COLUMNS, MAX_CLASSES = 6, 3
MOST_VALUES, LEAST_VALUES, ROWS_A_VALUE = 10, 3, 20


def average_by_value(own: Judged, rows: pd.DataFrame, labels: list[str]) -> list[dict[str, Any]]:
    """Average prediction and target by the values of the strongest columns.

    It shows what the network answers where the value stands, other columns being as they are there; unlike a partial
    dependence it invents no rows that never occur.

    Args:
        own: predictions of the rows.
        rows: raw columns, the strongest first.
        labels: of the classes by number.

    Returns:
        For each column `column`, `ordered`, and `points`: `value`, `place`, `rows`, `kind` (`actual` or `predicted`),
        `mean` and `series`, the class where there are several (the most frequent ones), else empty.
    """
    return [_average(own, name, rows[name], labels) for name in list(rows)[:MAX_COLUMNS]]


def _average(own: Judged, name: object, column: pd.Series, labels: list[str]) -> dict[str, Any]:
    groups = group_rows(column, max(LEAST_VALUES, min(MOST_VALUES, len(column) // ROWS_A_VALUE)))
    weights = np.ones(len(column)) if own.weights is None else own.weights
    totals = np.bincount(groups.codes, weights)
    counts = np.bincount(groups.codes)
    points = [
        {
            "value": groups.labels[place], "place": place, "rows": int(counts[place]), "kind": kind, "series": series,
            "mean": float(total / totals[place]),
        }
        for series, pair in _list_series(own, labels).items()
        for kind, values in zip(("actual", "predicted"), pair, strict=True)
        for place, total in enumerate(np.bincount(groups.codes, values * weights))
        if totals[place] > 0
    ]  # fmt: skip
    return {"column": str(name), "ordered": groups.ordered, "points": points}


def _list_series(own: Judged, labels: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    if own.task != "multiclass":
        return {"": (own.target.astype(np.float64), own.outputs)}
    frequent = np.argsort(-np.bincount(own.target.astype(np.intp)), kind="stable")[:MAX_CLASSES]
    return {labels[number]: ((own.target == number).astype(float), own.outputs[:, number]) for number in frequent}
