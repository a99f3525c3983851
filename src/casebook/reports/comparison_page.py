"""The page that compares runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.evaluation.metrics import find_metric, main_metric
from casebook.reports.comparison import compare_pair, explain_unpaired, gather_curves, list_differences
from casebook.reports.curve_charts import draw_compared_curves
from casebook.reports.numbers import write_interval, write_range, write_score
from casebook.reports.page import render_page
from casebook.reports.reported_run import list_general_warnings
from casebook.reports.sentence import name_verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casebook.reports.comparison import ComparedRun

# As many as there are colours.
MAX_RUNS = 6


def render_comparison(runs: Sequence[ComparedRun], library: str) -> str:
    """Render the page that compares runs of one case with the first of them.

    Args:
        runs: two to `MAX_RUNS`.
        library: see `load_chart_library`.

    Raises:
        ValueError: runs of several cases or tasks, or another number of them.
    """
    check_comparable(runs)
    names = name_runs(runs)
    first, *others = runs
    reasons = {name: explain_unpaired(first, each) for name, each in zip(names[1:], others, strict=True)}
    pairs = {
        name: {row["name"]: row for row in compare_pair(first, each)}
        for name, each in zip(names[1:], others, strict=True)
        if not reasons[name]
    }
    metrics = [find_metric(row["name"]) for row in first.intervals["metrics"]]
    charts = {
        f"curve {metric}": draw_compared_curves(points, metric, names)
        for metric, points in gather_curves(runs, names).items()
    }
    return render_page(
        "comparison",
        library,
        charts,
        title=f"{first.run.case}: {len(runs)} runs compared",
        runs=[each.run for each in runs],
        names=names,
        sentence=summarise_comparison(runs, names, pairs),
        warnings=list_general_warnings(first.run),
        differences=list_differences(runs),
        metrics=metrics,
        scores=[{row["name"]: row for row in each.intervals["metrics"]} for each in runs],
        pairs=pairs,
        reasons={name: reason for name, reason in reasons.items() if reason},
        key=first.intervals["key"],
    )


def check_comparable(runs: Sequence[ComparedRun]) -> None:
    """Validate that runs can stand on one page.

    Raises:
        ValueError: they cannot; says why.
    """
    cases = sorted({each.run.case for each in runs})
    if len(cases) > 1:
        raise ValueError(f"these are runs of {' and '.join(cases)}: compare those of one case")
    if not 1 < len(runs) <= MAX_RUNS:
        raise ValueError(f"give 2 to {MAX_RUNS} different runs, not {len(runs)}")
    tasks = sorted({each.tables["task"] for each in runs})
    if len(tasks) > 1:
        raise ValueError(f"these runs have different tasks ({' and '.join(tasks)}), whose scores cannot be compared")


def name_runs(runs: Sequence[ComparedRun]) -> list[str]:
    """Name runs as MLflow does, with the beginning of the id where two have the same name."""
    names = [each.run.name for each in runs]
    return [
        name if names.count(name) == 1 else f"{name} ({each.run.run_id[:6]})"
        for name, each in zip(names, runs, strict=True)
    ]


def summarise_comparison(
    runs: Sequence[ComparedRun], names: Sequence[str], pairs: dict[str, dict[str, dict[str, Any]]]
) -> str:
    """Write the sentence: which run scores best, and which differences the test rows can tell from chance."""
    metric = main_metric(runs[0].tables["task"])
    scores = [{row["name"]: row for row in each.intervals["metrics"]}.get(metric.name) for each in runs]
    told = [
        f"{write_interval(row['score'], row['low'], row['high'])} of {name}"
        for name, row in zip(names, scores, strict=True)
        if row
    ]
    direction = "higher" if metric.greater_is_better else "lower"
    sentence = f"The {metric.title} on the test rows ({direction} is better) is {' and '.join(told)}."
    gains = {name: rows[metric.name] for name, rows in pairs.items() if metric.name in rows}
    return sentence + "".join(judge_gain(name, names[0], row) for name, row in gains.items())


def judge_gain(name: str, first: str, row: dict[str, Any]) -> str:
    """Say whether a run differs from the first one by more than other test rows would make them differ."""
    gain, low, high = row["gain"], row["low"], row["high"]
    if low is None:
        word = "better" if gain > 0 else "worse"
        return f" On the same rows {name} is {word} than {first} by {write_score(abs(gain))}."
    by = f"{write_score(gain)}, 95 % interval {write_range(low, high)}"
    return f" On the same rows {name} is {name_verdict(low, high)} {first} (its gain is {by})."
