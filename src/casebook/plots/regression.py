"""Figures of a regression task on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from casebook.evaluation.scores import score_predictions
from casebook.plots import style as style
from casebook.plots import tables_regression as tables
from casebook.plots.learning_curves import draw_training

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODEL_STYLES = {"model": (style.MODEL_COLOUR, "-"), "reference": (style.REFERENCE_COLOUR, "--")}


def draw_regression_figures(
    target: np.ndarray,
    prediction: np.ndarray,
    reference_prediction: np.ndarray | None,
    history: pd.DataFrame | None,
    importance: pd.DataFrame | None,
) -> tuple[dict[str, pd.DataFrame], dict[str, Figure]]:
    """Draw every figure of a regression task and return the table behind each.

    Args:
        target: Shape (rows,).
        prediction: Shape (rows,), the model's.
        reference_prediction: Shape (rows,), the reference's, drawn for comparison; or none.
        history: As `draw_training` takes it.
        importance: As `draw_training` takes it.

    Returns:
        Tables and figures by the same names: `actual_vs_predicted`, `residuals`, `error_by_size`, `learning_curves`,
        `permutation_importance`. Two tables more: `residuals_by_prediction` is drawn in `residuals`, `predictions`
        lists the first test rows.

    Raises:
        ValueError: See `score_predictions`.
    """
    models = {"model": prediction}
    if reference_prediction is not None:
        models["reference"] = reference_prediction
    errors = {model: score_predictions("regression", target, values)["mae"] for model, values in models.items()}
    numbers = {
        "actual_vs_predicted": tables.count_pairs(target, prediction),
        "residuals": tables.count_residuals(target, prediction),
        "residuals_by_prediction": tables.bin_residuals(target, prediction),
        "error_by_size": tables.measure_by_size(target, models),
        "predictions": tables.list_predictions(target, prediction),
    }
    figures = {
        "actual_vs_predicted": draw_actual_vs_predicted(numbers["actual_vs_predicted"], errors),
        "residuals": draw_residuals(numbers["residuals"], numbers["residuals_by_prediction"], prediction - target),
        "error_by_size": draw_error_by_size(numbers["error_by_size"]),
    }
    further_numbers, further_figures = draw_training(history, importance)
    return numbers | further_numbers, figures | further_figures


def draw_actual_vs_predicted(table: pd.DataFrame, errors: dict[str, float]) -> Figure:
    """Draw the table of `count_pairs` with the diagonal of right predictions.

    Args:
        table: As `count_pairs` returns it.
        errors: Mean absolute error of each model.
    """
    title = f"Predicted beside actual, test rows:\nmean absolute error {_compare(errors)}"
    figure, (axes,) = style.make_figure(title, (7.2, 6.4))
    middles = table[["actual", "predicted"]].to_numpy()
    margin = max(table["cell"].iloc[0], 0.03 * np.ptp(middles))
    ends = (middles.min() - margin, middles.max() + margin)
    if table["rows"].sum() > tables.MAX_DOTS:
        _draw_density(figure, axes, table)
    else:
        axes.scatter(table["actual"], table["predicted"], s=18, color=style.BLUE, alpha=0.6, linewidth=0)
    axes.plot(ends, ends, color=style.ORANGE, linestyle="--", linewidth=1.2, label="predicted = actual")
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    _write_ticks(axes)
    style.name_axes(axes, "Actual value", "Predicted value")
    style.add_legend(axes, "upper left")
    return figure


def draw_residuals(histogram: pd.DataFrame, by_prediction: pd.DataFrame, residual: np.ndarray) -> Figure:
    """Draw the tables of `count_residuals` and, below it, `bin_residuals`.

    Args:
        histogram: As `count_residuals` returns it.
        by_prediction: As `bin_residuals` returns it.
        residual: Shape (rows,), predicted minus actual.
    """
    half, mean = float(np.median(np.abs(residual))), float(np.mean(residual))
    side = "high" if mean > 0 else "low"
    words = f"half are within ±{style.write_number(half)}, on average {style.write_number(abs(mean))} too {side}"
    figure, (axes, below) = style.make_figure(f"Residuals, test rows: {words}", (7.2, 6.4), rows=2)
    widths = histogram["upper"] - histogram["lower"]
    axes.bar(histogram["lower"], histogram["rows"], widths, align="edge", color=style.BLUE)
    axes.axvline(0, color=style.INK, linewidth=1, linestyle="--")
    axes.yaxis.set_major_formatter(style.write_count)
    axes.locator_params(axis="y", integer=True)
    axes.xaxis.set_major_formatter(style.write_number)
    style.name_axes(axes, "Residual (predicted - actual); the outermost bars hold what lies beyond", "Rows")
    place = by_prediction["mean_prediction"]
    count = style.write_count(by_prediction["rows"].median())
    label = f"middle 80 % of {len(by_prediction)} bins of about {count} rows"
    below.fill_between(
        place, by_prediction["low"], by_prediction["high"], color=style.BLUE, alpha=0.2, linewidth=0, label=label
    )
    below.plot(place, by_prediction["median"], color=style.BLUE, marker="o", markersize=4, label="median")
    below.axhline(0, color=style.INK, linewidth=1, linestyle="--")
    _write_ticks(below)
    style.name_axes(below, "Predicted value", "Residual")
    style.add_legend(below)
    return figure


def draw_error_by_size(table: pd.DataFrame) -> Figure:
    """Draw the table of `measure_by_size`, the models side by side."""
    own = table[table["model"] == "model"]
    low, high = (style.write_number(own["mae"].iloc[place]) for place in (0, -1))
    title = f"Mean absolute error by size, test rows: {low} at the smallest actual values, {high} at the largest"
    figure, (axes,) = style.make_figure(title, (8.4, 4.6))
    for model, part in table.groupby("model", sort=False):
        colour, line = MODEL_STYLES[str(model)]
        axes.plot(part["decile"], part["mae"], color=colour, linestyle=line, marker="o", markersize=5, label=str(model))
    ends = zip(own["lowest"], own["highest"], strict=True)
    labels = [f"{style.write_number(first)}\nto {style.write_number(last)}" for first, last in ends]
    axes.set_xticks(own["decile"], labels)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(style.write_number)
    count = style.write_count(own["rows"].median())
    style.name_axes(axes, f"Actual value, {len(own)} bins of about {count} rows", "Mean absolute error")
    style.add_legend(axes)
    return figure


def _draw_density(figure: Figure, axes: Axes, table: pd.DataFrame) -> None:
    """Colour cells by their rows, on a logarithmic scale since most rows share few cells."""
    from matplotlib.colors import LogNorm

    cell = table["cell"].iloc[0]
    start = table[["actual", "predicted"]].to_numpy().min()
    columns, rows = (((table[name] - start) / cell).round().astype(int) for name in ("actual", "predicted"))
    side = max(columns.max(), rows.max()) + 1
    counts = np.full((side, side), np.nan)
    counts[rows, columns] = table["rows"]
    edges = start + cell * (np.arange(side + 1) - 0.5)
    mesh = axes.pcolormesh(edges, edges, np.ma.masked_invalid(counts), cmap="Blues", norm=LogNorm(0.5))
    bar = figure.colorbar(mesh, ax=axes, shrink=0.7, format=style.write_count)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=style.SMALL, colors=style.INK)
    bar.set_label("Rows", fontsize=9, color=style.INK)


def _write_ticks(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(style.write_number)


def _compare(scores: dict[str, float]) -> str:
    """Format the first model's score and the others' in brackets."""
    own, *others = (f"{model} {style.write_number(value)}" for model, value in scores.items())
    return f"{own.partition(' ')[2]}" + "".join(f" ({other})" for other in others)
