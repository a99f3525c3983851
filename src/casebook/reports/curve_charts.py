"""Charts of what goes on over epochs, trials and weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.reports.chart_marks import (
    DASHED,
    MODEL,
    OTHER,
    SLANT,
    TRAIN,
    VALIDATION,
    Rows,
    Spec,
    chart,
    coloured,
    layer,
    nominal,
    numbered,
    quantitative,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Beyond so many points they are a line.
MAX_DOTS = 80
# Colours of compared runs, in their order.
RUN_COLOURS = (MODEL, OTHER, "var(--third)", "var(--fourth)", "var(--fifth)", "var(--sixth)")


def draw_curve(points: Rows, metric: str, is_log: bool) -> Spec:
    """Draw a learning curve: the metric by epoch, of training and validation rows."""
    scale = {"type": "log", "nice": True} if is_log else {"zero": False, "nice": True}
    encoding = {
        "x": numbered("epoch"),
        "y": quantitative("value", metric) | {"scale": scale},
        "color": coloured("part", ["train", "val"], [TRAIN, VALIDATION]),
    }
    dots = {"size": 14, "filled": True} if len(points) < MAX_DOTS else False
    return chart(points, layer("line", encoding, point=dots), height=180)


def draw_compared_curves(points: Rows, metric: str, names: Sequence[str]) -> Spec:
    """Draw the curve of a metric of several runs over each other."""
    encoding = {
        "x": numbered("epoch"),
        "y": quantitative("value", metric),
        "color": coloured("run", names, RUN_COLOURS[: len(names)], columns=2),
        "strokeDash": nominal("part", legend={"orient": "top", "title": None}),
    }
    return chart(points, layer("line", encoding), height=240)


def draw_trials(rows: Rows, metric: str) -> Spec:
    """Draw the value of each trial in their order, and the best so far."""
    return chart(
        rows,
        layer("point", {"x": numbered("trial"), "y": quantitative("value", metric)}, filled=True, color=MODEL),
        layer(
            "line", {"x": numbered("trial"), "y": quantitative("best", metric)}, color=OTHER, interpolate="step-after"
        ),
    )


def draw_slice(rows: Rows, metric: str, is_number: bool) -> Spec:
    """Draw the value of trials by one searched parameter."""
    kind = quantitative("setting") if is_number else nominal("setting", axis={"labelAngle": SLANT})
    encoding = {"x": kind, "y": quantitative("value", metric)}
    return chart(rows, layer("point", encoding, filled=True, color=MODEL), height=170)


def draw_weeks(rows: Rows, metric: str) -> Spec:
    """Draw the score of each week, the test rows' score and the level below which a week fails."""
    week = {"field": "week", "type": "ordinal", "title": "week of", "axis": {"labelAngle": SLANT, "labelOverlap": True}}
    return chart(
        rows,
        layer("line", {"x": week, "y": quantitative("test", metric)}, color=TRAIN),
        layer("line", {"x": week, "y": quantitative("level", metric)}, **DASHED | {"color": OTHER}),
        layer("line", {"x": week, "y": quantitative("score", metric)}, color=MODEL, point={"color": MODEL, "size": 45}),
        height=260,
    )
