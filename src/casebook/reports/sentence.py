"""What was asked and what came out, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.evaluation.metrics import find_metric, main_metric
from casebook.reports.members import list_members, name_model
from casebook.reports.numbers import write_interval, write_range, write_score_like
from casebook.reports.reported_run import describe_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.reports.reported_run import ReportedRun

TASKS = {"binary": "{0[0]} or {0[1]}", "multiclass": "one of {1} classes", "regression": "a number"}
STRONGEST = 3


def summarise_run(run: ReportedRun, tables: Mapping[str, Any], intervals: Mapping[str, Any]) -> str:
    """Write the sentence of a training run: target, rows held out, score beside baseline and reference, columns."""
    kind = TASKS[tables["task"]].format(tables["labels"], len(tables["labels"]))
    rows, strategy = f"{tables['rows']:,}", describe_strategy(run.parameters["split"]["strategy"])
    model = name_model(list_members(run.metrics))
    asked = f"The {model} of {run.case} predicts {run.target} ({kind}). On {rows} test rows, held out {strategy},"
    return f"{asked} {_summarise_score(run, intervals)}{_summarise_columns(tables)}."


def _summarise_score(run: ReportedRun, intervals: Mapping[str, Any]) -> str:
    by_name = {each["name"]: each for each in intervals["metrics"]}
    preferred = main_metric(run.parameters["task"]).name
    name = preferred if preferred in by_name else next(iter(by_name))
    own, metric = by_name[name], find_metric(name)
    found = f"its {metric.title} is {write_interval(own['score'], own['low'], own['high'])}"
    beside = []
    baseline = run.metrics.get(f"baseline/{name}")
    if baseline is not None:
        beside.append(f"{write_score_like(baseline, own['low'], own['high'])} of the baseline")
    if own.get("other") is not None:
        beside.append(
            f"{write_score_like(own['other'], own['low'], own['high'])} of the reference ({run.reference_name})"
        )
    direction = "higher" if metric.greater_is_better else "lower"
    against = f"{found} ({direction} is better), against {' and '.join(beside)}" if beside else found
    return f"{against}{_judge_gain(own)}"


def _judge_gain(own: Mapping[str, Any]) -> str:
    """Say whether network and reference differ by more than other test rows would make them differ."""
    low, high = own.get("gain_low"), own.get("gain_high")
    if low is None or high is None:
        return ""
    return (
        f", so it is {name_verdict(low, high)} the reference (95 % interval of the difference {write_range(low, high)})"
    )


def name_verdict(low: float, high: float) -> str:
    """Name what the interval of a gain says."""
    return "better than" if low > 0 else "worse than" if high < 0 else "not clearly different from"


def _summarise_columns(tables: Mapping[str, Any]) -> str:
    strongest = [each["raw_column"] for each in tables["importance"] if each["drop_mean"] > 0][:STRONGEST]
    if not strongest:
        return ""
    *first, last = strongest
    return f"; it leans most on {', '.join(first)}{' and ' if first else ''}{last}"
