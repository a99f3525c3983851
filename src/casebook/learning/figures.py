"""Draw the figures of a binary task on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.learning import figure_style as style
from casebook.learning import figure_tables as tables

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Every other metric is better when larger.
LOWER_IS_BETTER = ("loss", "log_loss", "mae", "mse", "rmse", "rmspe", "mape")

CURVE_STYLES = {"model": (style.BLUE, "-", 2.0), "reference": (style.ORANGE, "--", 1.4)}


def draw_binary_figures(
    target: np.ndarray,
    probability: np.ndarray,
    reference_probability: np.ndarray | None,
    threshold: float,
    history: pd.DataFrame | None,
    importance: pd.DataFrame | None,
) -> tuple[dict[str, pd.DataFrame], dict[str, Figure]]:
    """Draw every figure of a binary task and give the numbers behind each.

    Args:
        target: Shape (rows,), 0 or 1, both present.
        probability: Shape (rows,), the model's probability of 1.
        reference_probability: Shape (rows,), the reference's, drawn beside it; or none.
        threshold: Lowest probability that counts as class 1.
        history: `epoch` and the curves `train/<metric>`, `val/<metric>`; or none.
        importance: As `permute_importance` returns it; or none.

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
    if history is not None:
        numbers["learning_curves"] = tables.melt_history(history)
    if importance is not None:
        numbers["permutation_importance"] = importance.copy()
    return numbers, _draw_all(numbers, threshold)


def _draw_all(numbers: dict[str, pd.DataFrame], threshold: float) -> dict[str, Figure]:
    histogram = numbers["probability_histogram"]
    figures = {
        "confusion_matrix": draw_confusion(numbers["confusion_matrix"], threshold),
        "roc_curve": draw_roc(numbers["roc_curve"]),
        "precision_recall_curve": draw_precision_recall(numbers["precision_recall_curve"]),
        "reliability": draw_reliability(numbers["reliability"], histogram),
        "probabilities": draw_probabilities(histogram, threshold),
    }
    if "learning_curves" in numbers:
        figures["learning_curves"] = draw_learning_curves(numbers["learning_curves"])
    if "permutation_importance" in numbers:
        figures["permutation_importance"] = draw_importance(numbers["permutation_importance"])
    return figures


def draw_confusion(table: pd.DataFrame, threshold: float) -> Figure:
    """Draw the table of `count_confusion`: counts, and shares of the actual class as colour."""
    accuracy = table.loc[table["actual"] == table["predicted"], "rows"].sum() / table["rows"].sum()
    title = f"Confusion matrix, test rows at threshold {threshold:g}: accuracy {accuracy:.3f}"
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


def draw_reliability(table: pd.DataFrame, histogram: pd.DataFrame) -> Figure:
    """Draw the table of `bin_reliability`, and below it how many rows have which probability."""
    mean, observed = table["mean_probability"], table["observed_share"]
    gap = ((mean - observed).abs() * table["rows"]).sum() / table["rows"].sum()
    title = f"Reliability, test rows: predicted misses observed by {gap:.3f} on average"
    figure, (axes, below) = style.make_figure(title, (7.2, 6.6), rows=2, heights=(3, 1))
    axes.plot([0, 1], [0, 1], color=style.GREY, linestyle=":", linewidth=1.2, label="perfectly reliable")
    errors = [observed - table["observed_low"], table["observed_high"] - observed]
    label = f"{len(table)} bins of about {style.write_count(table['rows'].median())} rows, 95 % interval"
    axes.errorbar(mean, observed, errors, color=style.BLUE, marker="o", markersize=4, linewidth=1.5, label=label)
    style.name_axes(axes, "", "Observed share of 1")
    style.add_legend(axes, "lower right")
    rows = histogram.groupby("lower")["rows"].sum()
    below.bar(rows.index, rows, width=1 / len(rows), align="edge", color=style.BLUE, alpha=0.7)
    below.yaxis.set_major_formatter(style.write_count)
    below.sharex(axes)
    style.name_axes(below, "Predicted probability of 1", "Rows")
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
        f"threshold {threshold:g}",
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


def draw_learning_curves(table: pd.DataFrame) -> Figure:
    """Draw the table of `melt_history`, one panel a metric, the best epoch named."""
    metrics = table["metric"].unique()
    columns = min(len(metrics), 2)
    rows = -(-len(metrics) // columns)
    epochs = table["epoch"].nunique()
    title = f"Learning curves over {epochs} epoch{'s' * (epochs > 1)}"
    figure, panels = style.make_figure(title, (5 * columns + 0.6, 3.1 * rows + 0.6), rows, columns)
    for axes, metric in zip(panels, metrics, strict=False):
        _draw_learning_curve(axes, metric, table[table["metric"] == metric])
    for axes in panels[len(metrics) :]:
        axes.remove()
    return figure


def draw_importance(table: pd.DataFrame, limit: int = 20) -> Figure:
    """Draw the raw columns that matter most, as `permute_importance` returns them."""
    top = table.head(limit)
    first = top.iloc[0]
    title = f"Permutation importance, test rows: shuffling {first['raw_column']} costs {first['auc_drop_mean']:.3f} AUC"
    figure, (axes,) = style.make_figure(title, (7.6, 1.4 + 0.26 * len(top)))
    drops = top["auc_drop_mean"]
    axes.barh(range(len(top)), drops, xerr=top["auc_drop_std"], color=style.BLUE, ecolor=style.INK, height=0.7)
    labels = [f"{drop:.4f}" for drop in drops]
    style.label_bars(axes, top["raw_column"].tolist(), (drops + top["auc_drop_std"]).tolist(), labels)
    axes.margins(x=0.1)
    count = f"the {len(top)} strongest of {len(table)}" if len(table) > limit else f"all {len(table)}"
    style.name_axes(axes, f"Loss of AUC when shuffled (line: one standard deviation), {count} raw columns")
    return figure


def _draw_curves(axes: Axes, table: pd.DataFrame, names: tuple[str, str], score: str, words: str) -> None:
    horizontal, vertical = names
    for model, curve in table.groupby("model", sort=False):
        colour, line, width = CURVE_STYLES.get(str(model), (style.GREEN, "-.", 1.4))
        label = f"{model} ({words} {curve[score].iloc[0]:.3f})"
        axes.plot(curve[horizontal], curve[vertical], color=colour, linestyle=line, linewidth=width, label=label)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal")


def _compare(table: pd.DataFrame, score: str) -> str:
    """Write the first model's score and the others' in brackets."""
    (_, own), *others = table.groupby("model", sort=False)[score].first().items()
    return f"{own:.3f}" + "".join(f" ({model} {value:.3f})" for model, value in others)


def _draw_learning_curve(axes: Axes, metric: str, table: pd.DataFrame) -> None:
    for part, colour in (("train", style.GREY), ("val", style.BLUE)):
        curve = table[table["part"] == part]
        if curve.empty:
            continue
        marker = "o" if len(curve) <= 40 else ""
        axes.plot(curve["epoch"], curve["value"], color=colour, marker=marker, markersize=3, linewidth=1.6)
        end = (curve["epoch"].iloc[-1], curve["value"].iloc[-1])
        axes.annotate(part, end, (5, 0), textcoords="offset points", va="center", fontsize=9, color=colour)
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    first, last = table["epoch"].min(), table["epoch"].max()
    axes.set_xlim(first - 0.5, last + max(0.5, 0.12 * (last - first)))
    style.name_axes(axes, "Epoch", "", f"{metric}{_name_best(metric, table[table['part'] == 'val'])}")


def _name_best(metric: str, validation: pd.DataFrame) -> str:
    if validation.empty:
        return ""
    values = validation["value"]
    best = validation.iloc[int(values.argmin() if metric in LOWER_IS_BETTER else values.argmax())]
    return f": best val {best['value']:.4f} at epoch {best['epoch']:.0f}"
