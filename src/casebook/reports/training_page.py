"""The page of a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.data.split_keys import COPIES
from casebook.evaluation.metrics import METRICS, find_metric
from casebook.reports import charts as draw
from casebook.reports.curve_charts import draw_curve
from casebook.reports.members import describe_members, list_members, name_model
from casebook.reports.page import render_page
from casebook.reports.reported_run import PARTS, describe_strategy, list_general_warnings, list_leaks
from casebook.reports.score_intervals import name_large_key
from casebook.reports.sentence import summarise_run
from casebook.reports.test_tables import SHOWN_IMPORTANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.reports.chart_marks import Spec
    from casebook.reports.reported_run import ReportedRun

Tables = dict[str, Any]
# A curve that falls to a thirtieth is drawn on a logarithmic axis.
LOG_RATIO = 30


def render_training(run: ReportedRun, tables: Tables, intervals: Tables, library: str) -> str:
    """Render the page of a training run.

    Args:
        run: with its metrics, tags and parameters.
        tables: see `test_tables.tabulate_test`.
        intervals: see `score_intervals.measure_intervals`.
        library: see `load_chart_library`.
    """
    charts = draw_training(run, tables, intervals)
    members = list_members(run.metrics)
    closed, used = list_leaks(run.parameters)
    seen = {name: share for name, share in run.group("test").items() if name.startswith("seen_")}
    return render_page(
        "training",
        library,
        charts,
        run=run,
        tables=tables,
        intervals=intervals,
        title=f"{run.case}: {run.name}",
        sentence=summarise_run(run, tables, intervals),
        scores=list_scores(run, intervals),
        warnings=list_warnings(run, intervals),
        folds=list_folds(run),
        model=name_model(members),
        members=describe_members(members),
        key_words=describe_keys(intervals, name_model(members)),
        parts_of_split=list_parts(run),
        strategy=describe_strategy(run.parameters["split"]["strategy"]),
        seen={name.removeprefix("seen_").removesuffix("_share"): share for name, share in sorted(seen.items())},
        closed=closed,
        used=used,
        costs=run.parameters["evaluation"].get("costs") or {"false_positive": 1.0, "false_negative": 1.0},
        start=find_start(tables),
        row_metric=find_metric(tables["row_metric"]),
        most_columns=SHOWN_IMPORTANCE,
    )


def list_scores(run: ReportedRun, intervals: Tables) -> list[dict[str, Any]]:
    """List each metric's scores of network, baseline and reference with what the table says of them."""
    return [
        {**each, "title": metric.title, "greater": metric.greater_is_better,
         "baseline": run.metrics.get(f"baseline/{metric.name}"),
         "best_reachable": run.metrics.get(f"best_reachable/{metric.name}")}
        for each in intervals["metrics"]
        for metric in [find_metric(each["name"])]
    ]  # fmt: skip


def list_warnings(run: ReportedRun, intervals: Tables) -> list[str]:
    """List what a reader must know before any score."""
    large, weight = name_large_key(intervals["key"]), run.tags.get("weighted_by")
    found = [f"{large[0].upper()}{large[1:]}: the scores hang on it."] if large else []
    return [*list_general_warnings(run), *found, *([f"Rows count by their {weight}."] if weight else [])]


def describe_keys(intervals: Tables, model: str) -> str:
    """Say how the intervals were made, and which column compares the model with the reference."""
    key, resamples = intervals["key"], intervals["resamples"]
    if not resamples:
        return f"There are only {key['count']} of a {key['word']} in the test rows, too few for intervals."
    of_each = "its copies" if key["word"] == COPIES else "all its rows"
    drawn = "rows" if key["word"] == "row" else f"{key['word']}s, each with {of_each}"
    found = f"95 % intervals by bootstrap: {resamples} resamples of the {key['count']:,} {drawn}."
    if not any("gain" in each for each in intervals["metrics"]):
        return found
    return (
        f"{found} The column “{model} better by” compares it with the reference on the same resamples; an interval "
        "without 0 is a difference."
    )


def list_parts(run: ReportedRun) -> list[tuple[str, float, float]]:
    """List the parts of the split with rows and share."""
    data = run.group("data")
    counts = {part: data[f"{part}_rows"] for part in PARTS if f"{part}_rows" in data}
    total = sum(counts.values()) or 1.0
    return [(part, rows, rows / total) for part, rows in counts.items()]


def list_folds(run: ReportedRun) -> list[tuple[str, float, float]]:
    """List the means over the folds, where there are any, with their deviations."""
    folds = run.group("folds")
    own = [m for each in folds if (m := each.removesuffix("_mean")) in METRICS and each.endswith("_mean")]
    return [(METRICS[name].title, folds[f"{name}_mean"], folds.get(f"{name}_std", 0.0)) for name in own]


def find_start(tables: Tables) -> dict[str, Any]:
    """Find where the slider stands at first: the model's own threshold, and what it gives."""
    if "thresholds" not in tables:
        return {}
    place = next(n for n, each in enumerate(tables["thresholds"]) if each["threshold"] == tables["threshold"])
    return {"place": place, **tables["thresholds"][place]}


def draw_training(run: ReportedRun, tables: Tables, intervals: Tables) -> dict[str, Spec]:
    """Draw every chart that there are numbers for, by the name under which the template shows it."""
    found = {f"curve {metric}": spec for metric, spec in _draw_curves(tables["curves"]).items()}
    if tables["importance"]:
        metric = find_metric(tables["importance"][0]["metric"])
        word = "loss" if metric.greater_is_better else "growth"
        found["importance"] = draw.draw_importance(tables["importance"], f"{word} of {metric.title} when shuffled")
    found |= {f"effect {effect['column']}": draw.draw_effect(effect, run.target) for effect in tables["effects"]}
    if tables["segments"]:
        score = {each["name"]: each["score"] for each in intervals["metrics"]}[tables["row_metric"]]
        title = find_metric(tables["row_metric"]).title
        found["segments"] = draw.draw_segments(tables["segments"], title, score)
    return found | _draw_task(run, tables)


def _draw_task(run: ReportedRun, tables: Tables) -> dict[str, Spec]:
    if tables["task"] == "binary":
        return {
            "calibration": draw.draw_calibration(tables["calibration"]),
            "probabilities": draw.draw_probabilities(tables["probabilities"], tables["labels"]),
            "thresholds": draw.draw_thresholds(score_thresholds(tables["thresholds"]), tables["threshold"]),
        }
    if tables["task"] == "multiclass":
        return {"confusion": draw.draw_confusion(tables["confusion"], tables["labels"])} if tables["confusion"] else {}
    return {
        "pairs": draw.draw_pairs(tables["pairs"], run.target),
        "residuals": draw.draw_residuals(tables["residuals"]),
        "residual_bins": draw.draw_residual_bins(tables["residual_bins"]),
    }


def _draw_curves(points: list[dict[str, Any]]) -> Mapping[str, Spec]:
    by_metric: dict[str, list[dict[str, Any]]] = {}
    for point in points:
        by_metric.setdefault(point["metric"], []).append(point)
    found = {}
    for metric, own in by_metric.items():
        values = [point["value"] for point in own]
        found[metric] = draw_curve(own, metric, min(values) > 0 and max(values) > LOG_RATIO * min(values))
    return found


def score_thresholds(thresholds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compute accuracy, F1, precision and recall of the counts at each threshold, those that are defined."""
    found = []
    for at in thresholds:
        tp, fp, tn, fn = (at[name] for name in ("tp", "fp", "tn", "fn"))
        pairs = {"accuracy": (tp + tn, tp + tn + fp + fn), "F1": (2 * tp, 2 * tp + fp + fn),
            "precision": (tp, tp + fp), "recall": (tp, tp + fn)}  # fmt: skip
        found += [
            {"threshold": at["threshold"], "name": name, "value": round(above / below, 5)}
            for name, (above, below) in pairs.items()
            if below
        ]
    return found
