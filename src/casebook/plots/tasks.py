"""Figures of a run on its test rows, by task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.inference.predictions import read_predictions, task_of
from casebook.plots.binary import draw_binary_figures
from casebook.plots.multiclass import draw_multiclass_figures
from casebook.plots.regression import draw_regression_figures

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def draw_task_figures(
    predictions: pd.DataFrame,
    reference_predictions: pd.DataFrame | None,
    threshold: float,
    history: pd.DataFrame | None,
    importance: pd.DataFrame | None,
) -> tuple[dict[str, pd.DataFrame], dict[str, Figure]]:
    """Draw every figure of a task and return the table behind each.

    Args:
        predictions: The test rows' `actual`, and `probability` (binary), `probability_0`, `probability_1` ...
            (multiclass) or `prediction` (regression): the columns state the task.
        reference_predictions: The reference's for the same rows, drawn for comparison; or none.
        threshold: Lowest probability that counts as class 1; binary only.
        history: `epoch` and the curves `train/<metric>`, `val/<metric>`; none or without rows: not drawn.
        importance: As `permute_importance` returns it; none or without rows: not drawn.

    Returns:
        Tables and figures by name, those of `draw_binary_figures`, `draw_multiclass_figures` or
        `draw_regression_figures`.

    Raises:
        ValueError: The reference's rows are not those of the predictions, or see `score_predictions`.
    """
    reference = None
    if reference_predictions is not None:
        if len(reference_predictions) != len(predictions):
            raise ValueError(
                f"the reference predicts {len(reference_predictions)} rows but the network {len(predictions)}: "
                "draw both on the same test rows"
            )
        reference = read_predictions(reference_predictions)
    target, own = predictions["actual"].to_numpy(), read_predictions(predictions)
    task = task_of(predictions)
    if task == "binary":
        return draw_binary_figures(target, own, reference, threshold, history, importance)
    draw = draw_multiclass_figures if task == "multiclass" else draw_regression_figures
    return draw(target, own, reference, history, importance)
