"""Charts of what the test rows show of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.reports.chart_marks import (
    BAR_PIXELS,
    DASHED,
    INK,
    MODEL,
    OTHER,
    SLANT,
    THIRD,
    TRAIN,
    Rows,
    Spec,
    binned,
    chart,
    coloured,
    constant,
    layer,
    listed,
    nominal,
    quantitative,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def draw_importance(rows: Rows, title: str) -> Spec:
    """Draw permutation importance: a bar a raw column, with one standard deviation."""
    values = [
        {**row, "low": row["drop_mean"] - row["drop_std"], "high": row["drop_mean"] + row["drop_std"]} for row in rows
    ]
    ends = {"x": quantitative("low", title, zero=True), "x2": {"field": "high"}, "y": listed("raw_column")}
    bars = {"x": quantitative("drop_mean", title, zero=True), "y": listed("raw_column")}
    return chart(values, layer("bar", bars, color=MODEL), layer("rule", ends, color=INK), height=BAR_PIXELS * len(rows))


def draw_effect(effect: dict[str, Any], target: str) -> Spec:
    """Draw mean prediction and mean target by a column's value: connected where the values ascend."""
    values = sorted(effect["points"], key=lambda point: point["place"])
    encoding: Spec = {
        "x": nominal("value", sort=None, axis={"labelAngle": SLANT, "labelLimit": 110}),
        "y": quantitative("mean", f"mean {target}", zero=True),
        "color": coloured("kind", ["predicted", "actual"], [MODEL, TRAIN]),
        "tooltip": [nominal(name, name) for name in ("value", "kind", "series", "rows")]
        + [{"field": "mean", "type": "quantitative", "format": ".4~g"}],
    }
    if len({point["series"] for point in values}) > 1:
        legend = {"orient": "top", "title": None}
        encoding |= {"shape": nominal("series", legend=legend), "detail": nominal("series")}
    points = layer("point", encoding, filled=True, size=45, opacity=1)
    lines = [layer("line", {name: e for name, e in encoding.items() if name != "shape"})] if effect["ordered"] else []
    return chart(values, *lines, points, height=170)


def draw_segments(rows: Rows, title: str, overall: float) -> Spec:
    """Draw the score of segments with their intervals, and that of all rows as a line."""
    values = [{**row, "name": f"{row['column']}: {row['value']} ({row['rows']:,})"} for row in rows]
    ends = {"y": listed("name"), "x": quantitative("low", title), "x2": {"field": "high"}}
    dots = {"y": listed("name"), "x": quantitative("score", title)}
    return chart(
        values,
        layer("rule", {"x": constant(overall)}, **DASHED),
        layer("rule", ends, color=OTHER, strokeWidth=2),
        layer("point", dots, color=OTHER, filled=True, size=60, opacity=1),
        height=BAR_PIXELS * len(rows),
    )


def draw_calibration(rows: Rows) -> Spec:
    """Draw observed shares by predicted probability with Wilson's intervals, and the diagonal."""
    x, title = quantitative("mean_probability", "predicted probability"), "observed share"
    dots = {"x": x, "y": quantitative("observed_share", title)}
    ends = {"x": x, "y": quantitative("observed_low", title), "y2": {"field": "observed_high"}}
    return chart(
        rows,
        layer("line", dots, [{"mean_probability": at, "observed_share": at} for at in (0, 1)], **DASHED),
        layer("rule", ends, color=MODEL),
        layer("line", dots, color=MODEL, point={"filled": True, "color": MODEL}),
    )


def draw_probabilities(rows: Rows, labels: Sequence[str]) -> Spec:
    """Draw how many rows of each class have which probability."""
    values = [{**row, "class": labels[row["actual"]]} for row in rows]
    bars = binned("predicted probability", scale={"domain": [0, 1]})
    return chart(
        values, layer("bar", bars | {"color": coloured("class", labels, [MODEL, OTHER])}, opacity=0.6, binSpacing=0)
    )


def draw_thresholds(rows: Rows, threshold: float) -> Spec:
    """Draw accuracy, F1, precision and recall by threshold; the signal `chosen` is where the slider stands."""
    whole = {"domain": [0, 1]}
    lines = {
        "x": quantitative("threshold", "threshold") | {"scale": whole},
        "y": quantitative("value") | {"scale": whole},
        "color": coloured("name", ["accuracy", "F1", "precision", "recall"], [MODEL, OTHER, THIRD, TRAIN]),
    }
    chosen = layer("rule", {"x": constant({"expr": "chosen"})}, color=INK, strokeWidth=1.5)
    return chart(rows, layer("line", lines), chosen, params=[{"name": "chosen", "value": threshold}])


def draw_confusion(rows: Rows, labels: Sequence[str]) -> Spec:
    """Draw a confusion matrix: rows by actual and predicted class, darker the larger their share of the actual one."""
    values = [{**row, "actual": labels[row["actual"]], "predicted": labels[row["predicted"]]} for row in rows]
    sides = {
        "y": nominal("actual", "actual", sort=list(labels)),
        "x": nominal("predicted", "predicted", sort=list(labels), axis={"labelAngle": 0}),
    }
    shade = quantitative("row_share", legend=None) | {"scale": {"domain": [0, 1], "range": [0.02, 0.85]}}
    counts = {"field": "rows", "type": "quantitative", "format": ",d"}
    return chart(
        values,
        layer("rect", {"fillOpacity": shade}, fill=MODEL),
        layer("text", {"text": counts}, fontSize=11, color=INK),
        height=max(160, 26 * len(labels)),
        encoding=sides,
    )


def draw_pairs(rows: Rows, target: str) -> Spec:
    """Draw predicted against actual values with the diagonal; size is the number of rows."""
    ends = [
        {name: end(row[name] for row in rows for name in ("actual", "predicted")) for name in ("actual", "predicted")}
        for end in (min, max)
    ]
    sides = {"x": quantitative("actual", f"actual {target}"), "y": quantitative("predicted", f"predicted {target}")}
    size = {"field": "rows", "type": "quantitative", "legend": None, "scale": {"range": [12, 160]}}
    dots = layer("point", sides | {"size": size}, filled=True, color=MODEL, opacity=0.45)
    return chart(rows, dots, layer("line", sides, ends, **DASHED), height=420)


def draw_residuals(rows: Rows) -> Spec:
    """Draw how many rows have which residual, predicted minus actual."""
    return chart(rows, layer("bar", binned("predicted minus actual"), color=MODEL, binSpacing=0), height=150)


def draw_residual_bins(rows: Rows) -> Spec:
    """Draw the median residual and the band of 80 % of them by predicted value."""
    x, title = quantitative("mean_prediction", "predicted value"), "predicted minus actual"
    band = {"x": x, "y": quantitative("low", title), "y2": {"field": "high"}}
    return chart(
        rows,
        layer("area", band, color=MODEL, opacity=0.2),
        layer("line", {"x": x, "y": quantitative("median", title)}, color=MODEL, point={"color": MODEL}),
        layer("rule", {"y": constant(0)}, **DASHED),
        height=170,
    )
