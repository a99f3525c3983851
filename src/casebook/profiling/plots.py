"""Draw a table's profile: nulls, distributions and the mean target by category."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.plots import style as style

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Panel = tuple[str, Callable[[Axes, pd.DataFrame], None], pd.DataFrame]

PANELS = 24
MOST_BARS = 12
MOST_ROWS = 60
BOOLEAN = ({"False", "True"}, {"True"}, {"False"})


def draw_null_shares(nulls: pd.DataFrame, title: str) -> Figure:
    """Draw the share of nulls of the columns that have any.

    Args:
        nulls: Columns `column` and `null_share`.
        title: The table's name.
    """
    some = nulls[nulls["null_share"] > 0].sort_values("null_share", ascending=False, kind="stable").head(MOST_ROWS)
    count = int((nulls["null_share"] > 0).sum())
    words = f"{title}: {count or 'none'} of {len(nulls)} columns {'has' if count == 1 else 'have'} nulls"
    figure, (axes,) = style.make_figure(words, (7.2, 1.3 + 0.24 * len(some)))
    if some.empty:
        axes.set_axis_off()
        axes.text(0, 0.5, "Every row of every column holds a value.", fontsize=9, color=style.INK)
        return figure
    axes.barh(range(len(some)), some["null_share"], color=style.BLUE, height=0.7)
    labels = [style.write_share(share) for share in some["null_share"]]
    style.label_bars(axes, some["column"].tolist(), some["null_share"].tolist(), labels)
    axes.set_xlim(0, 1.08)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(style.write_share)
    style.name_axes(axes, "Share of rows without a value")
    return figure


def draw_distributions(
    order: Sequence[str], categories: pd.DataFrame, numbers: pd.DataFrame, dates: pd.DataFrame, title: str
) -> dict[str, Figure]:
    """Draw a panel a column, booleans together in a figure of their own.

    Args:
        order: The table's columns; those without a panel are named below the panels.
        categories: As `profile_categories` returns it, without date columns.
        numbers: As `profile_numbers` returns it.
        dates: As `profile_dates` returns it.
        title: The table's name.
    """
    booleans = _find_booleans(categories)
    filled = categories[categories["column"].isin(categories.dropna(subset="value")["column"])]
    drawers = (_draw_bars, filled), (_draw_histogram, numbers), (_draw_days, dates)
    parts = {str(name): (draw, part) for draw, kind in drawers for name, part in kind.groupby("column", sort=False)}
    shown = [name for name in order if name in parts and name not in booleans]
    left = [name for name in order if name not in parts]
    note = f"Not drawn, text of too many values or nulls only: {', '.join(left)}" if left else ""
    panels: list[Panel] = [(name, *parts[name]) for name in shown]
    figures = _draw_pages(
        "distributions", panels, f"{title}: values of {{}} columns (categories: share of the rows with a value)", note
    )
    if booleans:
        figures["booleans"] = _draw_booleans(categories, booleans, title)
    return figures


def draw_mean_target(categories: pd.DataFrame, overall: float, title: str) -> dict[str, Figure]:
    """Draw the mean target by category beside the overall mean, booleans together in a figure of their own.

    Args:
        categories: As `profile_categories` returns it for a target.
        overall: Mean target of all rows.
        title: The table's name.
    """
    booleans = _find_booleans(categories)

    others = categories[~categories["column"].isin(booleans)].dropna(subset="mean_target")
    parts = {str(name): part for name, part in others.groupby("column", sort=False) if len(part) > 1}
    means = np.concatenate([[overall], *(_keep_largest(part)["mean_target"] for part in parts.values())])
    # One scale for all panels: on scales of their own, columns of mere noise would look as strong as the others.
    margin = 0.06 * (np.ptp(means) or 1.0)
    limits = (float(means.min() - margin), float(means.max() + margin))

    def draw(axes: Axes, part: pd.DataFrame) -> None:
        _draw_means(axes, part, overall)
        axes.set_xlim(limits)

    panels: list[Panel] = [(name, draw, part) for name, part in parts.items()]
    words = f"{title}: mean target by category of {{}} columns (overall {overall:.3f}; dot area: rows)"
    figures = _draw_pages("mean_target", panels, words, "")
    if booleans:
        figures["mean_target_booleans"] = _draw_boolean_means(categories, booleans, overall, title)
    return figures


def _draw_pages(name: str, panels: list[Panel], title: str, note: str) -> dict[str, Figure]:
    pages = [panels[start : start + PANELS] for start in range(0, len(panels), PANELS)]
    figures = {}
    for number, page in enumerate(pages, start=1):
        part = f", part {number} of {len(pages)}" if len(pages) > 1 else ""
        figure = _draw_page(page, title.format(len(panels)) + part)
        if note and number == len(pages):
            figure.supxlabel(note if len(note) < 150 else f"{note[:149]}…", x=0.01, ha="left", fontsize=8)
        figures[name if number == 1 else f"{name}_{number}"] = figure
    return figures


def _draw_page(panels: list[Panel], title: str) -> Figure:
    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    figure, grid = style.make_figure(title, (max(3.2 * columns, 7.2), 2.3 * rows + 0.7), rows, columns)
    for axes, (name, draw, part) in zip(grid, panels, strict=False):
        draw(axes, part)
        axes.tick_params(labelsize=7)
        # A drawer may have put a remark there already.
        remark = axes.get_title(loc="right")
        words = style.shorten(name, 36 - len(remark))
        axes.set_title(words, loc="left", y=style.TITLE_PLACE, fontsize=9, fontweight="bold", color=style.INK)
    for axes in grid[len(panels) :]:
        axes.remove()
    return figure


def _draw_histogram(axes: Axes, part: pd.DataFrame) -> None:
    axes.bar(part["lower"], part["rows"], part["upper"] - part["lower"], align="edge", color=style.BLUE)
    axes.yaxis.set_major_formatter(style.write_count)
    axes.locator_params(nbins=5)


def _draw_days(axes: Axes, part: pd.DataFrame) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.fill_between(part["date"].to_numpy(), part["rows"], step="mid", color=style.BLUE, linewidth=0.5)
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.xaxis.get_offset_text().set_fontsize(7)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(style.write_count)
    axes.locator_params(axis="y", nbins=5)


def _draw_bars(axes: Axes, part: pd.DataFrame) -> None:
    """Draw the largest categories among the rows with a value; numbers keep their order, since it means something."""
    present = part.dropna(subset="value")
    kept = _keep_largest(present)
    names, rows, colours = kept["value"].tolist(), kept["rows"].tolist(), [style.BLUE] * len(kept)
    if len(present) > len(kept):
        names.append(f"{len(present) - len(kept)} others")
        rows.append(present["rows"].sum() - kept["rows"].sum())
        colours.append(style.GREY)
    shares = [count / present["rows"].sum() for count in rows]
    axes.barh(range(len(names)), shares, color=colours, height=0.75)
    style.label_bars(axes, names, shares, [style.write_share(share) for share in shares])
    axes.set_xlim(0, max(shares) * 1.25)
    axes.xaxis.set_major_formatter(style.write_share)
    axes.locator_params(axis="x", nbins=4)
    if len(part) > len(present):
        nulls = style.write_share(part["share"].sum() - present["share"].sum())
        axes.set_title(f"{nulls} null", loc="right", y=style.TITLE_PLACE, fontsize=8, color=style.INK)


def _draw_means(axes: Axes, part: pd.DataFrame, overall: float) -> None:
    kept = _keep_largest(part)
    if not _are_numbers(kept["value"]):
        kept = kept.sort_values("mean_target", ascending=False, kind="stable")
    places = np.arange(len(kept))
    axes.axvline(overall, color=style.GREY, linewidth=1.2)
    axes.hlines(places, overall, kept["mean_target"], color=style.BLUE, linewidth=1.2)
    axes.scatter(kept["mean_target"], places, s=12 + 90 * kept["share"], color=style.BLUE, zorder=3)
    axes.set_yticks(places, [style.shorten(_name_value(value)) for value in kept["value"]])
    axes.set_ylim(max(len(kept), 3) - 0.4, -0.6)
    axes.locator_params(axis="x", nbins=5)
    if len(part) > len(kept):
        axes.set_xlabel(f"the {len(kept)} largest of {len(part)} values", fontsize=7, color=style.INK)


def _draw_booleans(categories: pd.DataFrame, booleans: list[str], title: str) -> Figure:
    means = _pivot_booleans(categories, booleans, "share")["True"].fillna(0).sort_values(ascending=False, kind="stable")
    kept = means.head(MOST_ROWS)
    figure, (axes,) = style.make_figure(f"{title}: share of rows that are true", (7.2, 1.3 + 0.22 * len(kept)))
    axes.barh(range(len(kept)), kept, color=style.BLUE, height=0.7)
    style.label_bars(axes, kept.index.tolist(), kept.tolist(), [style.write_share(share) for share in kept])
    axes.set_xlim(0, 1.08)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(style.write_share)
    style.name_axes(axes, f"Share of all rows, {len(booleans)} boolean column{'s' * (len(booleans) > 1)}")
    return figure


def _draw_boolean_means(categories: pd.DataFrame, booleans: list[str], overall: float, title: str) -> Figure:
    means = _pivot_booleans(categories, booleans, "mean_target")
    gaps = (means["True"] - means["False"]).abs().fillna(0)
    kept = means.loc[gaps.sort_values(ascending=False, kind="stable").index[:MOST_ROWS]]
    words = f"{title}: mean target where a column is true and where it is false"
    figure, (axes,) = style.make_figure(words, (7.2, 1.5 + 0.22 * len(kept)))
    places = np.arange(len(kept))
    axes.hlines(places, kept["False"], kept["True"], color=style.GREY, linewidth=1.5)
    axes.axvline(overall, color=style.GREY, linewidth=1.2, linestyle=":", label=f"overall {overall:.3f}")
    for value, colour in (("False", style.BLUE), ("True", style.ORANGE)):
        axes.scatter(kept[value], places, s=26, color=colour, zorder=3, label=value.lower())
    style.label_bars(axes, kept.index.tolist(), [0.0] * len(kept), [""] * len(kept))
    style.name_axes(axes, "Mean target")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=9, labelcolor=style.INK)
    return figure


def _pivot_booleans(categories: pd.DataFrame, booleans: list[str], values: str) -> pd.DataFrame:
    chosen = categories[categories["column"].isin(booleans)]
    return chosen.pivot_table(index="column", columns="value", values=values).reindex(columns=["False", "True"])


def _find_booleans(categories: pd.DataFrame) -> list[str]:
    values = categories.dropna(subset="value").groupby("column", sort=False)["value"].agg(set)
    return [str(name) for name, found in values.items() if found in BOOLEAN]


def _keep_largest(part: pd.DataFrame) -> pd.DataFrame:
    """Keep the most frequent values; numbers stay in their order, text goes by frequency."""
    largest = part.sort_values("rows", ascending=False, kind="stable")
    # One value too many is drawn rather than called "1 others".
    largest = largest if len(largest) <= MOST_BARS + 1 else largest.head(MOST_BARS)
    return largest.sort_index() if _are_numbers(largest["value"]) else largest


def _are_numbers(values: pd.Series) -> bool:
    return bool(pd.to_numeric(values.dropna(), errors="coerce").notna().all())


def _name_value(value: object) -> str:
    return value if isinstance(value, str) else "(null)"
