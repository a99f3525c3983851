"""Style of all figures, without pyplot's global state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette: distinguishable with every form of colour blindness.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#8C8C8C"
INK, FAINT = "#333333", "#E4E4E4"
# What a colour stands for in every figure.
TRAIN_COLOUR, VALIDATION_COLOUR = GREY, BLUE
MODEL_COLOUR, REFERENCE_COLOUR = BLUE, ORANGE
DPI = 120
SMALL = 8
# Said outright, since matplotlib measures all tick labels of a panel to find it.
TITLE_PLACE = 1.0


def make_figure(
    title: str, size: tuple[float, float], rows: int = 1, columns: int = 1, heights: Sequence[float] | None = None
) -> tuple[Figure, list[Axes]]:
    """Create a figure with a title at its left and a grid of styled axes.

    Args:
        title: What one sees; a second line is allowed.
        size: Width and height in inches.
        rows: Rows of the grid.
        columns: Columns of the grid.
        heights: Relative heights of the grid's rows.

    Returns:
        The figure at 120 dpi and its axes, row by row.
    """
    from casebook.plots.layout import QuickFigure

    figure = QuickFigure(figsize=size, dpi=DPI, facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
    grid = figure.subplots(rows, columns, squeeze=False, height_ratios=heights)
    all_axes = list(np.ravel(grid))
    for axes in all_axes:
        style_axes(axes)
    return figure, all_axes


def style_axes(axes: Axes) -> None:
    """Style axes: a light grid, no box and small grey tick labels."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.grid(visible=True, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=SMALL, color=GREY, length=3)


def name_axes(axes: Axes, horizontal: str = "", vertical: str = "", title: str = "") -> None:
    """Label both axes and set the panel's title."""
    axes.set_xlabel(horizontal, fontsize=9, color=INK)
    axes.set_ylabel(vertical, fontsize=9, color=INK)
    if title:
        axes.set_title(title, loc="left", y=TITLE_PLACE, fontsize=9, color=INK)


def add_legend(axes: Axes, place: str = "best") -> None:
    """Add a legend without a box."""
    axes.legend(loc=place, frameon=False, fontsize=9, labelcolor=INK)


def label_bars(axes: Axes, names: Sequence[str], lengths: Sequence[float], labels: Sequence[str]) -> None:
    """Label horizontal bars from the top down, with a text behind each."""
    axes.set_yticks(range(len(names)), [shorten(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    for place, (length, label) in enumerate(zip(lengths, labels, strict=True)):
        end = (max(length, 0), place)
        text = axes.annotate(label, end, (3, 0), textcoords="offset points", va="center", fontsize=7, color=INK)
        # It stands inside the axes; measuring hundreds of such texts for the layout takes as long as drawing them.
        text.set_in_layout(False)


def shorten(name: str, limit: int = 24) -> str:
    """Shorten a long name, with an ellipsis."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def write_count(value: float, _: object = None) -> str:
    """Format a row count for a tick: 950, 12k, 2.2M."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{letter}"
    return f"{value:.3g}"


def write_number(value: float, _: object = None) -> str:
    """Format a number of any size with about three significant digits: 0.0123, 3.46, 12,340."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def write_share(value: float, _: object = None) -> str:
    """Format a share as a percentage: 0.4 %, 12 %; a small share is never written as 0."""
    percent = 100 * value
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"
