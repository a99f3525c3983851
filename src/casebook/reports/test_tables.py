"""All tables behind the page of a training run, as values that JSON can hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.plots.tables_binary import bin_reliability, count_probabilities, melt_history
from casebook.plots.tables_multiclass import count_class_confusion
from casebook.plots.tables_regression import bin_residuals, count_pairs, count_residuals
from casebook.reports import examples
from casebook.reports.effects import average_by_value
from casebook.reports.segments import list_worst_rows, score_segments
from casebook.reports.test_rows import fingerprint_rows
from casebook.reports.thresholds import count_by_threshold

if TYPE_CHECKING:
    import pandas as pd

    from casebook.reports.judged import Judged

SHOWN_IMPORTANCE = 15
MAX_PAIRS, MAX_CURVE_EPOCHS = 1500, 300
# The largest number of classes whose confusion matrix can be read.
MAX_CLASSES = 30


def tabulate_test(
    own: Judged,
    rows: pd.DataFrame,
    test_keys: pd.DataFrame,
    history: pd.DataFrame,
    importance: pd.DataFrame,
    labels: list[str],
) -> dict[str, Any]:
    """Tabulate what the test rows show of a network.

    Args:
        own: its predictions of all test rows.
        rows: see `select_columns`; its index gives the places among the test rows.
        test_keys: see `number_test_rows`.
        history: `epoch` and the curves.
        importance: see `permute_importance`.
        labels: of the classes by number; empty where they are the numbers.

    Returns:
        `task`, `labels`, `rows`, `shown_rows`, `row_metric`, `fingerprint`, `curves`, `importance`, `effects`,
        `segments`, `worst`, `images`, `texts`, and by task `calibration`, `probabilities`, `thresholds`, `threshold`,
        `confusion`, `pairs`, `residuals`, `residual_bins`.
    """
    places = rows.index.to_numpy()
    shown, keys = own.take(places), test_keys["key"].iloc[places]
    named = labels or [str(number) for number in range(own.outputs.shape[1] if own.outputs.ndim == 2 else 2)]
    images, texts = examples.find_images(rows), examples.find_texts(rows)
    columns = rows[list(importance["raw_column"][importance["raw_column"].isin(rows.columns)])]
    has_curves = len(history) > 0 and any(str(name).startswith(("train/", "val/")) for name in history)
    found: dict[str, Any] = {
        "task": own.task,
        "labels": named,
        "rows": len(own.target),
        "shown_rows": len(places),
        "row_metric": own.row_metric.name,
        "fingerprint": fingerprint_rows(test_keys, own.target),
        "curves": _list_curves(history) if has_curves else [],
        "importance": _records(importance.head(SHOWN_IMPORTANCE)),
        "effects": average_by_value(shown, columns, named),
        "segments": score_segments(shown, columns, keys),
        "worst": list_worst_rows(shown, columns, named) if len(columns.columns) else None,
        "images": examples.list_worst_images(shown, images) if images is not None else [],
        "texts": examples.list_worst_texts(shown, texts) if texts is not None and own.task != "regression" else [],
        **_tabulate_task(own),
    }
    return {name: _without_nan(value) for name, value in found.items()}


def _tabulate_task(own: Judged) -> dict[str, Any]:
    if own.task == "binary":
        return {
            "threshold": own.threshold,
            "thresholds": count_by_threshold(own),
            "calibration": _records(bin_reliability(own.target, own.outputs, 15)),
            "probabilities": _records(count_probabilities(own.target, own.outputs, 30)),
        }
    if own.task == "multiclass":
        readable = own.outputs.shape[1] <= MAX_CLASSES
        return {"confusion": _records(count_class_confusion(own.target, own.outputs)) if readable else []}
    pairs = count_pairs(own.target, own.outputs)
    return {
        "pairs": _records(pairs.sample(min(MAX_PAIRS, len(pairs)), random_state=0).sort_index()),
        "residuals": _records(count_residuals(own.target, own.outputs)),
        "residual_bins": _records(bin_residuals(own.target, own.outputs)),
    }


def _list_curves(history: pd.DataFrame) -> list[dict[str, Any]]:
    return _records(melt_history(history.iloc[:: -(-len(history) // MAX_CURVE_EPOCHS)]))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    return value.item() if isinstance(value, np.generic) else value


def _without_nan(value: Any) -> Any:  # noqa: ANN401 - nested values
    """Replace numbers that JSON has no form for by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    return [_without_nan(each) for each in value] if isinstance(value, list) else _plain(value)
