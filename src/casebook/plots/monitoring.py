"""Figures of a model in use: drift of its inputs, and its weekly scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.plots import style as style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MAX_BARS = 30


def draw_drift(drift: pd.DataFrame, alarm: float) -> Figure:
    """Draw the stability index of the columns that drifted most, in another colour where it alarms, and the level."""
    shown = drift.head(MAX_BARS)
    moved = int(drift["alarm"].sum())
    title = f"{moved} of {len(drift)} distributions have moved far from the training's"
    figure, (axes,) = style.make_figure(title, (7, 0.22 * max(4, len(shown)) + 1.2))
    colours = [style.ORANGE if reached else style.BLUE for reached in shown["alarm"]]
    axes.barh(range(len(shown)), shown["index"], color=colours)
    labels = [style.write_number(value) for value in shown["index"]]
    style.label_bars(axes, [str(name) for name in shown["column"]], list(shown["index"]), labels)
    axes.axvline(alarm, color=style.INK, linewidth=0.8)
    axes.margins(x=0.15)
    style.name_axes(axes, horizontal=f"population stability index; alarm at {alarm:g} where chance does not reach it")
    return figure


def draw_weeks(weekly: pd.DataFrame, metric: str) -> Figure:
    """Draw the score of each week, with the test rows' score and the level of the alarm."""
    weeks = weekly[weekly["week"] != "all"]
    below = int(weekly["below"].sum())
    figure, (axes,) = style.make_figure(f"{metric} by week: {below or 'none'} below the level", (8, 3.4))
    axes.plot(weeks["week"], weeks[metric], color=style.BLUE, marker="o", markersize=3, linewidth=1.2, label="by week")
    if len(weekly):
        for name, label, colour in (("test", "test rows", style.GREY), ("level", "level", style.ORANGE)):
            # Rows of several versions have the test scores of each.
            if len(set(weekly[name])) == 1:
                axes.axhline(float(weekly[name].iloc[0]), color=colour, linewidth=1.1, label=label)
            else:
                axes.plot(weeks["week"], weeks[name], color=colour, linewidth=1.1, label=label)
    step = max(1, len(weeks) // 12)
    axes.set_xticks(range(0, len(weeks), step))
    axes.tick_params(axis="x", rotation=45)
    style.name_axes(axes, horizontal="week", vertical=metric)
    style.add_legend(axes)
    return figure
