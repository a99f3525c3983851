"""Figures of a binary task on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.plots import style as style
from casebook.plots import tables_binary as tables
from casebook.plots.learning_curves import draw_training

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE_STYLES = {"model": (style.MODEL_COLOUR, "-", 2.0), "reference": (style.REFERENCE_COLOUR, "--", 1.4)}


def draw_binary_figures(
    target: np.ndarray,
    probability: np.ndarray,
    reference_probability: np.ndarray | None,
    threshold: float,
    history: pd.DataFrame | None,
    importance: pd.DataFrame | None,
) -> tuple[dict[str, pd.DataFrame], dict[str, Figure]]:
    """Draw every figure of a binary task and return the table behind each.

    Args:
        target: Shape (rows,), 0 or 1, both present.
        probability: Shape (rows,), the model's probability of 1.
        reference_probability: Shape (rows,), the reference's, drawn for comparison; or none.
        threshold: Lowest probability that counts as class 1.
        history: As `draw_training` takes it.
        importance: As `draw_training` takes it.

    Returns:
        Tables and figures by the same names: `confusion_matrix`, `roc_curve`, `precision_recall_curve`,
        `reliability`, `learning_curves`, `permutation_importance`, `probabilities` (the table lists the first test
        rows). One table more, `probability_histogram`, has the counts drawn in `probabilities` and `reliability`.

    Raises:
        ValueError: The target holds one class only.
    """
    models = {"model": probability}
    if reference_probability is not None:
        models["reference"] = reference_probability
    numbers = {
        "confusion_matrix": tables.count_confusion(target, probability, threshold),
        "roc_curve": tables.trace_roc(target, models),
        "precision_recall_curve": tables.trace_precision_recall(target, models),
        "reliability": tables.bin_reliability(target, probability),
        "probabilities": tables.list_probabilities(target, probability, threshold),
        "probability_histogram": tables.count_probabilities(target, probability),
    }
    histogram = numbers["probability_histogram"]
    figures = {
        "confusion_matrix": draw_confusion(numbers["confusion_matrix"], threshold),
        "roc_curve": draw_roc(numbers["roc_curve"]),
        "precision_recall_curve": draw_precision_recall(numbers["precision_recall_curve"]),
        "reliability": draw_reliability(numbers["reliability"], histogram),
        "probabilities": draw_probabilities(histogram, threshold),
    }
    further_numbers, further_figures = draw_training(history, importance)
    return numbers | further_numbers, figures | further_figures


def draw_confusion(table: pd.DataFrame, threshold: float) -> Figure:
    """Draw the table of `count_confusion`: counts, and shares of the actual class as colour."""
    accuracy = table.loc[table["actual"] == table["predicted"], "rows"].sum() / table["rows"].sum()
    title = f"Confusion matrix, test rows at threshold {threshold:.4g}: accuracy {accuracy:.3f}"
    figure, (axes,) = style.make_figure(title, (6.8, 5.4))
    axes.imshow(table["row_share"].to_numpy().reshape(2, 2), cmap="Blues", vmin=0, vmax=1.2)
    for actual, predicted, rows, share in table.itertuples(index=False):
        colour = "white" if share > 0.6 else style.INK
        axes.text(predicted, actual - 0.07, f"{rows:,}", ha="center", fontsize=16, color=colour)
        axes.text(predicted, actual + 0.13, f"{share:.1%} of actual {actual}", ha="center", fontsize=9, color=colour)
    axes.set(xticks=[0, 1], yticks=[0, 1])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    style.name_axes(axes, "Predicted class", "Actual class")
    return figure


def draw_roc(table: pd.DataFrame) -> Figure:
    """Draw the table of `trace_roc`, with the diagonal of a guess."""
    title = f"ROC curve, test rows: AUC {_compare(table, 'auc')}"
    figure, (axes,) = style.make_figure(title, (7.2, 6.2))
    axes.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", linewidth=1.2, label="guessing (AUC 0.500)")
    _draw_curves(axes, table, ("false_positive_rate", "true_positive_rate"), "auc", "AUC")
    style.name_axes(axes, "False positive rate", "True positive rate")
    style.add_legend(axes, "lower right")
    return figure


def draw_precision_recall(table: pd.DataFrame) -> Figure:
    """Draw the table of `trace_precision_recall`, with the base rate as the line of a guess."""
    title = f"Precision-recall curve, test rows: average precision {_compare(table, 'average_precision')}"
    figure, (axes,) = style.make_figure(title, (7.2, 6.2))
    base_rate = table["base_rate"].iloc[0]
    axes.axhline(base_rate, color=style.GREY, linestyle=":", linewidth=1.2, label=f"base rate {base_rate:.3f}")
    _draw_curves(axes, table, ("recall", "precision"), "average_precision", "average precision")
    style.name_axes(axes, "Recall", "Precision")
    style.add_legend(axes, "lower left")
    return figure


def draw_reliability(
    table: pd.DataFrame, histogram: pd.DataFrame, words: tuple[str, str] = ("probability of 1", "share of 1")
) -> Figure:
    """Draw the table of `bin_reliability`, and below it how many rows have which probability.

    Args:
        table: As `bin_reliability` returns it.
        histogram: `lower`, `upper`, `rows` of bins of one width.
        words: What is predicted and what is observed.
    """
    mean, observed = table["mean_probability"], table["observed_share"]
    gap = ((mean - observed).abs() * table["rows"]).sum() / table["rows"].sum()
    title = f"Reliability, test rows: predicted misses observed by {gap:.3f} on average"
    figure, (axes, below) = style.make_figure(title, (7.2, 6.6), rows=2, heights=(3, 1))
    axes.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", linewidth=1.2, label="perfectly reliable")
    errors = [observed - table["observed_low"], table["observed_high"] - observed]
    label = f"{len(table)} bins of about {style.write_count(table['rows'].median())} rows, 95 % interval"
    axes.errorbar(mean, observed, errors, color=style.BLUE, marker="o", markersize=4, linewidth=1.5, label=label)
    style.name_axes(axes, "", f"Observed {words[1]}")
    style.add_legend(axes, "lower right")
    rows = histogram.groupby("lower")["rows"].sum()
    width = histogram["upper"].iloc[0] - histogram["lower"].iloc[0]
    below.bar(rows.index, rows, width=width, align="edge", color=style.BLUE, alpha=0.7)
    below.yaxis.set_major_formatter(style.write_count)
    below.sharex(axes)
    style.name_axes(below, f"Predicted {words[0]}", "Rows")
    return figure


def draw_probabilities(histogram: pd.DataFrame, threshold: float) -> Figure:
    """Draw the table of `count_probabilities`: where the rows of each actual class lie."""
    title = f"Predicted probabilities by actual class, {histogram['rows'].sum():,} test rows"
    figure, panels = style.make_figure(title, (7.2, 5.4), rows=2)
    for axes, actual, colour in zip(panels, (1, 0), (style.ORANGE, style.BLUE), strict=True):
        part = histogram[histogram["actual"] == actual]
        axes.bar(part["lower"], part["rows"], part["upper"] - part["lower"], align="edge", color=colour)
        axes.axvline(threshold, color=style.INK, linewidth=1, linestyle="--")
        axes.yaxis.set_major_formatter(style.write_count)
        axes.set_xlim(0, 1)
        style.name_axes(axes, "", "Rows", f"actual class {actual}: {part['rows'].sum():,} rows")
    panels[0].annotate(
        f"threshold {threshold:.4g}",
        (threshold, 0.97),
        (4, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
        fontsize=style.SMALL,
        color=style.INK,
    )
    panels[1].set_xlabel("Predicted probability of 1", fontsize=9, color=style.INK)
    return figure


def _draw_curves(axes: Axes, table: pd.DataFrame, names: tuple[str, str], score: str, words: str) -> None:
    horizontal, vertical = names
    for model, curve in table.groupby("model", sort=False):
        colour, line, width = CURVE_STYLES.get(str(model), (style.GREEN, "-.", 1.4))
        label = f"{model} ({words} {curve[score].iloc[0]:.3f})"
        axes.plot(curve[horizontal], curve[vertical], color=colour, linestyle=line, linewidth=width, label=label)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal")


def _compare(table: pd.DataFrame, score: str) -> str:
    """Format the first model's score and the others' in brackets."""
    (_, own), *others = table.groupby("model", sort=False)[score].first().items()
    return f"{own:.3f}" + "".join(f" ({model} {value:.3f})" for model, value in others)
