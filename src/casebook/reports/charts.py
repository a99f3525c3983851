"""Vega-Lite specifications of the page's charts; colours are the page's CSS variables, dark and light alike.

Source: https://vega.github.io/vega-lite/docs. Values of the data stand in `values` only, never in an expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Spec = dict[str, Any]
Rows = list[dict[str, Any]]
MODEL, OTHER, TRAIN, THIRD = "var(--model)", "var(--reference)", "var(--train)", "var(--third)"
HEIGHT = 220
BAR_PIXELS = 22


def quantitative(field: str, title: str, zero: bool = False, **more: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Encode a number; without `zero` its axis fits the data."""
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": zero, "nice": True}, **more}


def nominal(field: str, title: str | None, **more: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Encode a category."""
    return {"field": field, "type": "nominal", "title": title, **more}


def coloured(field: str, names: Sequence[str], colours: Sequence[str]) -> Spec:
    """Encode a category by colour, with a legend above the chart."""
    legend = {"orient": "top", "title": None} if len(names) > 1 else None
    return nominal(field, None, scale={"domain": list(names), "range": list(colours)}, legend=legend)


def chart(values: Rows, height: int = HEIGHT, **rest: Any) -> Spec:  # noqa: ANN401 - Vega-Lite's own
    """Wrap marks and encodings into a chart as wide as its place."""
    return {"data": {"values": values}, "width": "container", "height": height, **rest}


def draw_curve(points: Rows, metric: str, is_log: bool) -> Spec:
    """Draw a learning curve: the metric by epoch, of training and validation rows."""
    scale = {"type": "log", "nice": True} if is_log else {"zero": False, "nice": True}
    return chart(
        points,
        180,
        mark={"type": "line", "point": {"size": 12} if len(points) < 80 else False, "tooltip": True},
        encoding={
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "epoch",
                "axis": {"tickMinStep": 1, "grid": False},
            },
            "y": {"field": "value", "type": "quantitative", "title": metric, "scale": scale},
            "color": coloured("part", ["train", "val"], [TRAIN, MODEL]),
        },
    )


def draw_compared_curves(points: Rows, metric: str, names: Sequence[str], colours: Sequence[str]) -> Spec:
    """Draw the curve of a metric of several runs over each other."""
    return chart(
        points,
        240,
        mark={"type": "line", "tooltip": True},
        encoding={
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "epoch",
                "axis": {"tickMinStep": 1, "grid": False},
            },
            "y": quantitative("value", metric),
            "color": coloured("run", names, colours),
            "strokeDash": nominal("part", None, legend={"orient": "top", "title": None}),
        },
    )


def draw_importance(rows: Rows, title: str) -> Spec:
    """Draw permutation importance: a bar a raw column, with one standard deviation."""
    values = [{**row, "low": row["drop_mean"] - row["drop_std"], "high": row["drop_mean"] + row["drop_std"]}
        for row in rows]  # fmt: skip
    order = {"field": "raw_column", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 150}}
    return chart(
        values,
        BAR_PIXELS * len(rows),
        encoding={"y": order},
        layer=[
            {"mark": {"type": "bar", "color": MODEL, "tooltip": True}, "encoding": {"x": quantitative("drop_mean", title, True)}},
            {"mark": {"type": "rule", "color": "var(--ink)"}, "encoding": {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}},
        ],
    )  # fmt: skip


def draw_effect(effect: dict[str, Any], target: str) -> Spec:
    """Draw mean prediction and mean target by a column's value: connected where the values ascend."""
    values = sorted(effect["points"], key=lambda point: point["place"])
    mark = (
        {"type": "line", "point": {"filled": True, "size": 40}}
        if effect["ordered"]
        else {"type": "point", "filled": True, "size": 70}
    )
    series = list(dict.fromkeys(point["series"] for point in values))
    encoding: Spec = {
        "x": nominal("value", None, sort=None, axis={"labelAngle": -35, "labelLimit": 110}),
        "y": quantitative("mean", f"mean {target}", zero=True),
        "color": coloured("kind", ["predicted", "actual"], [MODEL, TRAIN]),
        "tooltip": [{"field": name, "type": "nominal"} for name in ("value", "kind", "series", "rows")]
        + [{"field": "mean", "type": "quantitative", "format": ".4~g"}],
    }
    if len(series) > 1:
        encoding |= {
            "shape": nominal("series", None, legend={"orient": "top", "title": None}),
            "detail": nominal("series", None),
        }
    return chart(values, 170, mark=mark, encoding=encoding)  # fmt: skip


def draw_segments(rows: Rows, title: str, overall: float) -> Spec:
    """Draw the score of segments with their intervals, and that of all rows as a line."""
    values = [{**row, "name": f"{row['column']}: {row['value']}"} for row in rows]
    order = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 190}}
    return chart(
        values,
        BAR_PIXELS * len(rows),
        layer=[
            {"mark": {"type": "rule", "color": TRAIN, "strokeDash": [4, 3]}, "encoding": {"x": {"datum": overall, "type": "quantitative"}}},
            {"mark": {"type": "rule", "color": OTHER, "strokeWidth": 2}, "encoding": {"y": order, "x": quantitative("low", title), "x2": {"field": "high"}}},
            {"mark": {"type": "point", "filled": True, "size": 60, "color": OTHER, "opacity": 1, "tooltip": True}, "encoding": {"y": order, "x": quantitative("score", title)}},
        ],
    )  # fmt: skip


def draw_calibration(rows: Rows) -> Spec:
    """Draw observed shares by predicted probability with Wilson's intervals, and the diagonal."""
    ends = [{"mean_probability": at, "observed_share": at} for at in (0, 1)]
    x = quantitative("mean_probability", "predicted probability")
    y = quantitative("observed_share", "observed share")
    return chart(
        rows,
        layer=[
            {"data": {"values": ends}, "mark": {"type": "line", "color": TRAIN, "strokeDash": [4, 3]}, "encoding": {"x": x, "y": y}},
            {"mark": {"type": "rule", "color": MODEL}, "encoding": {"x": x, "y": {"field": "observed_low", "type": "quantitative"}, "y2": {"field": "observed_high"}}},
            {"mark": {"type": "line", "color": MODEL, "point": {"filled": True, "color": MODEL}, "tooltip": True}, "encoding": {"x": x, "y": y}},
        ],
    )  # fmt: skip


def draw_probabilities(rows: Rows, labels: Sequence[str]) -> Spec:
    """Draw how many rows of each class have which probability."""
    values = [{**row, "class": labels[row["actual"]]} for row in rows]
    encoding = {
        "x": {"field": "lower", "type": "quantitative", "bin": {"binned": True}, "title": "predicted probability", "scale": {"domain": [0, 1]}},
        "x2": {"field": "upper"},
        "y": {"field": "rows", "type": "quantitative", "title": "test rows", "stack": None},
        "color": coloured("class", list(labels), [MODEL, OTHER]),
    }  # fmt: skip
    return chart(values, mark={"type": "bar", "opacity": 0.6, "tooltip": True, "binSpacing": 0}, encoding=encoding)


def draw_thresholds(rows: Rows, threshold: float) -> Spec:
    """Draw accuracy, F1, precision and recall by threshold; the signal `chosen` is where the slider stands."""
    names = ["accuracy", "F1", "precision", "recall"]
    encoding = {
        "x": {"field": "threshold", "type": "quantitative", "title": "threshold", "scale": {"domain": [0, 1]}},
        "y": {"field": "value", "type": "quantitative", "title": None, "scale": {"domain": [0, 1]}},
        "color": coloured("name", names, [MODEL, OTHER, THIRD, TRAIN]),
    }
    rule = {
        "mark": {"type": "rule", "color": "var(--ink)", "strokeWidth": 1.5},
        "encoding": {"x": {"datum": {"expr": "chosen"}, "type": "quantitative"}},
    }
    return {
        **chart(rows, layer=[{"mark": {"type": "line", "tooltip": True}, "encoding": encoding}, rule]),
        "params": [{"name": "chosen", "value": threshold}],
    }  # fmt: skip


def draw_confusion(rows: Rows, labels: Sequence[str]) -> Spec:
    """Draw a confusion matrix: rows by actual and predicted class, darker the larger their share of the actual one."""
    values = [{**row, "actual": labels[row["actual"]], "predicted": labels[row["predicted"]]} for row in rows]
    sides = {
        "y": nominal("actual", "actual", sort=list(labels)),
        "x": nominal("predicted", "predicted", sort=list(labels), axis={"labelAngle": 0}),
    }
    shade = {
        "field": "row_share",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": [0.02, 0.85]},
        "legend": None,
    }
    counts = {"field": "rows", "type": "quantitative", "format": ",d"}
    return chart(
        values,
        max(160, 26 * len(labels)),
        encoding=sides,
        layer=[
            {"mark": {"type": "rect", "fill": MODEL, "tooltip": True}, "encoding": {"fillOpacity": shade}},
            {"mark": {"type": "text", "fontSize": 11, "color": "var(--ink)"}, "encoding": {"text": counts}},
        ],
    )  # fmt: skip


def draw_pairs(rows: Rows, target: str) -> Spec:
    """Draw predicted against actual values with the diagonal; size is the number of rows."""
    low = min(min(row["actual"], row["predicted"]) for row in rows)
    high = max(max(row["actual"], row["predicted"]) for row in rows)
    ends = [{"actual": at, "predicted": at} for at in (low, high)]
    x, y = quantitative("actual", f"actual {target}"), quantitative("predicted", f"predicted {target}")
    size = {"field": "rows", "type": "quantitative", "legend": None, "scale": {"range": [12, 160]}}
    return chart(
        rows,
        320,
        layer=[
            {"mark": {"type": "point", "filled": True, "color": MODEL, "opacity": 0.45, "tooltip": True}, "encoding": {"x": x, "y": y, "size": size}},
            {"data": {"values": ends}, "mark": {"type": "line", "color": TRAIN, "strokeDash": [4, 3]}, "encoding": {"x": x, "y": y}},
        ],
    )  # fmt: skip


def draw_residuals(rows: Rows) -> Spec:
    """Draw how many rows have which residual, predicted minus actual."""
    return chart(
        rows,
        mark={"type": "bar", "color": MODEL, "tooltip": True, "binSpacing": 0},
        encoding={
            "x": {"field": "lower", "type": "quantitative", "bin": {"binned": True}, "title": "predicted minus actual"},
            "x2": {"field": "upper"},
            "y": {"field": "rows", "type": "quantitative", "title": "test rows"},
        },
    )


def draw_residual_bins(rows: Rows) -> Spec:
    """Draw the median residual and the band of 80 % of them by predicted value."""
    x = quantitative("mean_prediction", "predicted value")
    y = "predicted minus actual"
    return chart(
        rows,
        layer=[
            {"mark": {"type": "area", "color": MODEL, "opacity": 0.2}, "encoding": {"x": x, "y": quantitative("low", y), "y2": {"field": "high"}}},
            {"mark": {"type": "line", "color": MODEL, "point": True, "tooltip": True}, "encoding": {"x": x, "y": quantitative("median", y)}},
            {"mark": {"type": "rule", "color": TRAIN, "strokeDash": [4, 3]}, "encoding": {"y": {"datum": 0, "type": "quantitative"}}},
        ],
    )  # fmt: skip


def draw_trials(rows: Rows, metric: str) -> Spec:
    """Draw the value of each trial in their order, and the best so far."""
    x = {"field": "trial", "type": "quantitative", "title": "trial", "axis": {"tickMinStep": 1, "grid": False}}
    return chart(
        rows,
        layer=[
            {"mark": {"type": "point", "filled": True, "color": MODEL, "opacity": 0.7, "tooltip": True}, "encoding": {"x": x, "y": quantitative("value", metric)}},
            {"mark": {"type": "line", "color": OTHER, "interpolate": "step-after"}, "encoding": {"x": x, "y": quantitative("best", metric)}},
        ],
    )  # fmt: skip


def draw_slice(rows: Rows, metric: str, is_number: bool) -> Spec:
    """Draw the value of trials by one searched parameter."""
    kind = quantitative("setting", None) if is_number else nominal("setting", None, axis={"labelAngle": -35})  # type: ignore[arg-type]
    mark = {"type": "point", "filled": True, "color": MODEL, "opacity": 0.7, "tooltip": True}
    return chart(rows, 170, mark=mark, encoding={"x": kind, "y": quantitative("value", metric)})


def draw_weeks(rows: Rows, metric: str) -> Spec:
    """Draw the score of each week, the test rows' score and the level below which a week fails."""
    x = {"field": "week", "type": "ordinal", "title": "week", "axis": {"labelAngle": -35, "labelOverlap": True}}
    lines = [
        {
            "mark": {"type": "line", "color": colour, "strokeDash": dash},
            "encoding": {"x": x, "y": quantitative(name, metric)},
        }
        for name, colour, dash in (("test", TRAIN, [1, 0]), ("level", OTHER, [4, 3]))
    ]
    own = {
        "mark": {"type": "line", "color": MODEL, "point": {"filled": True}, "tooltip": True},
        "encoding": {"x": x, "y": quantitative("score", metric)},
    }
    return chart(rows, 260, layer=[*lines, own])  # fmt: skip
