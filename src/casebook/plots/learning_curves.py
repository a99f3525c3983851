"""Figures of every task: learning curves and the importance of raw columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.evaluation.metrics import find_metric
from casebook.plots import style as style
from casebook.plots.tables_binary import melt_history
from casebook.training.curves import find_best

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Ticks of larger values are written short.
LARGE = 10_000


def draw_training(
    history: pd.DataFrame | None, importance: pd.DataFrame | None
) -> tuple[dict[str, pd.DataFrame], dict[str, Figure]]:
    """Draw the learning curves of the training and the importance of raw columns.

    Args:
        history: `epoch` and the curves `train/<metric>`, `val/<metric>`, either may be missing; or none.
        importance: As `permute_importance` returns it; or none.

    Returns:
        Tables and figures `learning_curves` and `permutation_importance`, each left out without rows.
    """
    numbers, figures = {}, {}
    if history is not None and len(history):
        numbers["learning_curves"] = melt_history(history)
        figures["learning_curves"] = draw_learning_curves(numbers["learning_curves"])
    if importance is not None and len(importance):
        numbers["permutation_importance"] = importance.copy()
        figures["permutation_importance"] = draw_importance(importance)
    return numbers, figures


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
    """Draw the most important raw columns, as `permute_importance` returns them."""
    top = table.head(limit)
    metric, drop = find_metric(top["metric"].iloc[0]), _write_score(top["drop_mean"].iloc[0], 3)
    effect = f"costs {drop} of" if metric.greater_is_better else f"adds {drop} to"
    length = f"{'Loss' if metric.greater_is_better else 'Growth'} of {metric.title}"
    words = f"shuffling {style.shorten(top['raw_column'].iloc[0])} {effect} {metric.title}"
    figure, (axes,) = style.make_figure(f"Permutation importance, test rows: {words}", (7.6, 1.4 + 0.26 * len(top)))
    drops = top["drop_mean"]
    axes.barh(range(len(top)), drops, xerr=top["drop_std"], color=style.BLUE, ecolor=style.INK, height=0.7)
    labels = [_write_score(drop, 4) for drop in drops]
    style.label_bars(axes, top["raw_column"].tolist(), (drops + top["drop_std"]).tolist(), labels)
    axes.margins(x=0.1)
    count = f"the {len(top)} strongest of {len(table)}" if len(table) > limit else f"all {len(table)}"
    style.name_axes(axes, f"{length} when shuffled (line: one standard deviation), {count} raw columns")
    return figure


def _write_score(score: float, decimals: int) -> str:
    """Format a share or the like with so many decimals; an error in the target's units may be far above 1."""
    return f"{score:.{decimals}f}" if abs(score) < 10 else style.write_number(score)


def _draw_learning_curve(axes: Axes, metric: str, table: pd.DataFrame) -> None:
    ends = table.groupby("part")["value"].last()
    for part, colour in (("train", style.TRAIN_COLOUR), ("val", style.VALIDATION_COLOUR)):
        curve = table[table["part"] == part]
        if curve.empty:
            continue
        marker = "o" if len(curve) <= 40 else ""
        axes.plot(curve["epoch"], curve["value"], color=colour, marker=marker, markersize=3, linewidth=1.6)
        # Curves that end together would write their names over each other: the upper one goes up, the other down.
        shift = (5 if part == ends.idxmax() else -5) * (len(ends) > 1)
        end = (curve["epoch"].iloc[-1], curve["value"].iloc[-1])
        axes.annotate(part, end, (5, shift), textcoords="offset points", va="center", fontsize=9, color=colour)
    # A power of ten above the axis, apart from its ticks, would run into the title.
    axes.ticklabel_format(axis="y", useOffset=False, scilimits=(-9, 9))
    if table["value"].min() > 0 and table["value"].max() > 30 * table["value"].min():
        axes.set_yscale("log")
    if table["value"].max() >= LARGE:
        axes.yaxis.set_major_formatter(style.write_count)
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    first, last = table["epoch"].min(), table["epoch"].max()
    axes.set_xlim(first - 0.5, last + max(0.5, 0.12 * (last - first)))
    style.name_axes(axes, "Epoch", "", f"{metric}{_name_best(metric, table[table['part'] == 'val'])}")


def _name_best(metric: str, validation: pd.DataFrame) -> str:
    if validation.empty:
        return ""
    place = find_best(metric, validation["value"].to_numpy())
    if place is None:
        return ""
    best = validation.iloc[place]
    return f": best val {_write_score(best['value'], 4)} at epoch {best['epoch']:.0f}"
