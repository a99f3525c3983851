"""The page of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.config.schema.tuning import describe_judged
from casebook.config.tree import flatten
from casebook.evaluation.metrics import find_metric
from casebook.reports.curve_charts import draw_slice, draw_trials
from casebook.reports.numbers import write_score
from casebook.reports.page import render_page
from casebook.reports.reported_run import describe_strategy, list_general_warnings, list_leaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casebook.reports.chart_marks import Spec
    from casebook.reports.reported_run import ReportedRun

# What a leaderboard has besides metrics and searched parameters.
NO_PARAMETERS = ("trial", "state", "judged", "epochs", "seconds", "retried", "error", "run_id")
SHOWN_TRIALS, SHOWN_SLICES = 10, 9


def render_study(run: ReportedRun, trials: pd.DataFrame, library: str) -> str:
    """Render the page of a study: the winner's test scores beside default and baseline, and what the search found.

    Args:
        run: the study's.
        trials: its leaderboard, the best first.
        library: see `load_chart_library`.
    """
    metrics = [name for name in _names(run.parameters["study"]["metric"]) if name in trials]
    searched = [str(name) for name in trials if name not in (*NO_PARAMETERS, *metrics)]
    closed, _ = list_leaks(run.parameters)
    default = find_default(run, trials, searched)
    shown = trials[["trial", "state", *metrics, *searched]].head(SHOWN_TRIALS)
    return render_page(
        "study",
        library,
        draw_study(trials, metrics[0], searched),
        run=run,
        title=f"{run.case}: {run.name}",
        sentence=summarise_study(run, trials, metrics[0], default),
        warnings=list_general_warnings(run),
        scores=list_winner_scores(run),
        found=run.group("study"),
        metrics=metrics,
        searched=searched,
        columns=list(shown),
        default=default,
        data=run.group("data"),
        judged=describe_judged(run.parameters),
        rows=[[write_cell(value) for value in row] for row in shown.itertuples(index=False)],
        strategy=describe_strategy(run.parameters["split"]["strategy"]),
        closed=closed,
        has_page="study" in run.files,
        command=f"kedro run --pipeline={run.case} --params {run.case}.variant=best",
    )


def find_default(run: ReportedRun, trials: pd.DataFrame, searched: Sequence[str]) -> str:
    """Find the number of the trial whose settings are the case's own; empty where none has them."""
    own = flatten({run.case: run.parameters})
    given = trials[trials[list(searched)].notna().any(axis=1)]
    found = [
        str(row["trial"])
        for row in given.to_dict("records")
        if all(_is_same(row[name], own.get(name)) for name in searched)
    ]
    return found[0] if found else ""


def _is_same(value: object, own: object) -> bool:
    """Whether a leaderboard's cell, which a file has made of it, is a setting; none is a setting left as it is."""
    try:
        return np.isnan(number := float(value)) or number == float(own)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value) == str(own)


def summarise_study(run: ReportedRun, trials: pd.DataFrame, metric: str, default: str) -> str:
    """Write the sentence of a study: what was searched, what won, and what that is worth on the test rows."""
    done = int((trials["state"] == "complete").sum())
    sought = (
        f"The study searched the settings of {run.case}, which predicts {run.target}, for the best {metric} "
        f"({len(trials)} trials, {done} complete)"
    )
    scores = list_winner_scores(run)
    if "best.trial" not in run.tags or not scores:
        return f"{sought}; there is no winner yet."
    name = find_metric(metric).name
    first = next((each for each in scores if each["name"] == name), scores[0])
    winner, count = run.tags["best.trial"], run.metrics.get("data/test_rows")
    is_default = winner == default
    others = ("baseline",) if is_default else ("default", "baseline")
    beside = [who for who in others if first[who] is not None]
    against = " and ".join(f"{write_score(first[who])} of the {who}" for who in beside)
    won = f"trial {winner}, the default itself, was not surpassed" if is_default else f"trial {winner} won"
    return (
        f"{sought}; {won}, and on {f'{count:,.0f}' if count else 'the'} test rows, read once, its {first['title']} is "
        f"{write_score(first['score'])}, against {against}."
    )


def list_winner_scores(run: ReportedRun) -> list[dict[str, Any]]:
    """List the winner's test scores beside those of the default and the baseline, with deviations over seeds."""
    groups = {who: run.group(who) for who in ("test", "default", "baseline")}
    return [
        {
            "name": name, "title": find_metric(name).title, "greater": find_metric(name).greater_is_better,
            "score": groups["test"][name], "std": groups["test"].get(f"{name}_std"),
            "default": groups["default"].get(name), "default_std": groups["default"].get(f"{name}_std"),
            "baseline": value, "best_reachable": run.metrics.get(f"best_reachable/{name}"),
        }
        for name, value in groups["baseline"].items()
        if name in groups["test"]
    ]  # fmt: skip


def draw_study(trials: pd.DataFrame, metric: str, searched: Sequence[str]) -> dict[str, Spec]:
    """Draw the trials in their order, and their values by each searched parameter, the most telling first."""
    done: pd.DataFrame = trials[trials[metric].notna()].sort_values("trial")
    if done.empty:
        return {}
    best = done[metric].cummax() if find_metric(metric).greater_is_better else done[metric].cummin()
    if metric.rpartition("/")[2] == "loss":
        best = done[metric].cummin()
    history = [
        {"trial": int(trial), "value": float(value), "best": float(top)}
        for trial, value, top in zip(done["trial"], done[metric], best, strict=True)
    ]
    strengths = {name: _strength(done[name], done[metric]) for name in searched}
    ranked = sorted(searched, key=lambda name: -strengths[name])
    slices = {f"slice {name}": _draw_slice(done, name, metric) for name in ranked[:SHOWN_SLICES]}
    return {"trials": draw_trials(history, metric), **slices}


def write_cell(value: object) -> str:
    """Write a cell of the leaderboard; nothing for none."""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.5g}"
    return str(value)


def _draw_slice(done: pd.DataFrame, name: str, metric: str) -> Spec:
    there = done[done[name].notna()]
    is_number = pd.api.types.is_numeric_dtype(there[name]) and not pd.api.types.is_bool_dtype(there[name])
    values = [
        {"setting": float(setting) if is_number else str(setting), "value": float(value)}
        for setting, value in zip(there[name], there[metric], strict=True)
    ]
    return draw_slice(values, metric, is_number)


def _strength(setting: pd.Series, value: pd.Series) -> float:
    """Measure how far values go with a setting: the rank correlation of numbers, the spread between categories."""
    ranks = value.rank()
    if pd.api.types.is_numeric_dtype(setting) and setting.min() < setting.max():
        return abs(float(setting.rank().corr(ranks)))
    means = ranks.groupby(setting.astype("str")).mean()
    return float(means.std(ddof=0) / (ranks.std(ddof=0) or 1.0)) if len(means) > 1 else 0.0


def _names(metric: Any) -> list[str]:  # noqa: ANN401 - a name or a list of them
    return [metric] if isinstance(metric, str) else list(metric)
