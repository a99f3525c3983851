"""Parts of Vega-Lite specifications; colours are the page's CSS variables, so that dark, light and print follow it.

Source: https://vega.github.io/vega-lite/docs. Values of the data stand in `values` only, never in an expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Spec = dict[str, Any]
Rows = list[dict[str, Any]]
MODEL, OTHER, TRAIN, THIRD = "var(--model)", "var(--reference)", "var(--train)", "var(--third)"
VALIDATION = "var(--validation)"
INK = "var(--ink)"
DASHED: Spec = {"color": TRAIN, "strokeDash": [4, 3]}
HEIGHT, BAR_PIXELS = 220, 22
LABEL_PIXELS, SLANT = 170, -35


def quantitative(field: str, title: str | None = None, zero: bool = False, **more: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Encode a number; without `zero` its axis fits the data."""
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": zero, "nice": True}, **more}


def nominal(field: str, title: str | None = None, **more: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Encode a category."""
    return {"field": field, "type": "nominal", "title": title, **more}


def listed(field: str) -> Spec:
    """Encode a category from the top down, in the order of the rows."""
    return nominal(field, sort=None, axis={"labelLimit": LABEL_PIXELS})


def constant(value: Any) -> Spec:  # noqa: ANN401 - a number or a signal
    """Encode one number for all rows."""
    return {"datum": value, "type": "quantitative"}


def numbered(field: str) -> Spec:
    """Encode whole numbers from left to right, such as epochs."""
    # Vega heeds no least step beside a number of ticks.
    axis = {"tickCount": {"signal": "clamp(span(domain('x')), 1, 5)"}, "grid": False}
    return {"field": field, "type": "quantitative", "title": field, "axis": axis}


def binned(title: str, **more: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Encode the bins `lower` to `upper` of a histogram and the rows in them."""
    lower = {"field": "lower", "type": "quantitative", "bin": {"binned": True}, "title": title, **more}
    rows = {"field": "rows", "type": "quantitative", "title": "test rows", "stack": None}
    return {"x": lower, "x2": {"field": "upper"}, "y": rows}


def coloured(field: str, names: Sequence[str], colours: Sequence[str], columns: int = 0) -> Spec:
    """Encode a category by colour, with a legend above the chart, in so many columns; 0 for a single line."""
    legend = {"orient": "top", "title": None, "columns": columns} if len(names) > 1 else None
    return nominal(field, scale={"domain": list(names), "range": list(colours)}, legend=legend)


def layer(mark: str, encoding: Spec, values: Rows | None = None, **style: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Draw one mark of a chart, of rows of its own where they are given."""
    own = {"data": {"values": values}} if values is not None else {}
    return {**own, "mark": {"type": mark, "tooltip": True, **style}, "encoding": encoding}


def chart(values: Rows, *layers: Spec, height: int = HEIGHT, **rest: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Put layers over each other in a chart as wide as its place."""
    return {"data": {"values": values}, "width": "container", "height": height, "layer": list(layers), **rest}
