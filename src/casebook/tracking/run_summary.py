"""The summary of a run on the console: its scores side by side, and what is to be known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from casebook.config.quiet import is_quiet
from casebook.reports.members import describe_members, list_members, list_networks, name_model
from casebook.reports.metric_groups import select_group
from casebook.reports.numbers import write_logged_score, write_score
from casebook.reports.score_intervals import LARGE_KEY_SHARE
from casebook.tracking.fact_lines import print_facts
from casebook.tracking.late_writing import is_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities import Run

# Stages under this many seconds are not worth a reader's time.
MIN_SECONDS = 0.5
# What became of outcomes: see `monitoring.outcomes`.
OUTCOMES = ("outcomes", "joined", "empty", "unmatched", "several_rows", "several_predictions")
# Score of all outcomes together: see `monitoring.weekly_scores`.
OVERALL = "overall_"
# Who stands beside whom where a champion learnt on.
UPDATED = {"test": "updated", "reference": "champion before"}


def show_summary(
    run: Run, seconds: Mapping[str, float], store: str, background: Mapping[str, float] | None = None
) -> None:
    """Print the summary of a run: scores side by side, rows, features, origin, seconds by stage, and the MLflow run."""
    metrics, tags = run.data.metrics, run.data.tags
    console = Console()
    scores = {who: select_group(metrics, who) for who in ("test", "default", "baseline", "reference", "best_reachable")}
    if is_quiet():
        console.print(_result_line(run, scores), highlight=False, soft_wrap=True)
        return
    console.print()
    console.print(f"[bold]{tags.get('case', '')}[/bold]  run {escape(str(run.info.run_name))}")
    if scores["test"].keys() & scores["baseline"].keys():
        console.print(_scores_table(scores, "update/rows" in metrics, list_members(metrics)))
    facts = [(name, value) for name, value in _facts(run, seconds, store, background or {}) if value]
    print_facts(console, facts)


def _result_line(run: Run, scores: Mapping[str, Mapping[str, float]]) -> str:
    """Write a run's scores on the test rows in a line, beside its baseline's and reference's."""
    told = []
    for name in [name for name in scores["baseline"] if name in scores["test"]]:
        beside = [f"{w} {write_score(scores[w][name])}" for w in ("baseline", "reference") if name in scores[w]]
        told.append(f"{name} {write_score(scores['test'][name])} ({', '.join(beside)})")
    return escape(f"{run.data.tags.get('case', '')}  {'  '.join([*told, f'run {run.info.run_id}'])}")


def _facts(
    run: Run, seconds: Mapping[str, float], store: str, background: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    metrics = run.data.metrics
    parts = [(p, metrics.get(f"data/{p}_rows")) for p in ("train", "validation", "test", "promotion")]
    yield "rows", "  ".join(f"{name} {value:,.0f}" for name, value in parts if value is not None)
    arrived = [(n, metrics.get(f"update/{n}")) for n in ("rows", "learnt", "held_out", "promotion", "replayed")]
    yield "last batch", "  ".join(f"{n.replace('_', ' ')} {v:,.0f}" for n, v in arrived if v is not None)
    counted = [(n, metrics.get(f"prediction/{n}")) for n in ("rows", "scored", "rejected")]
    yield "predicted", "  ".join(f"{name} {value:,.0f}" for name, value in counted if value is not None)
    files = select_group(metrics, "prediction/files")
    told = [f"{name} {value:,.0f}" for name, value in sorted(files.items()) if name != "parts"]
    yield "files", "  ".join([f"{files['parts']:,.0f}", *told]) if files else ""
    unknown = select_group(metrics, "prediction/unknown")
    yield "unknown", "  ".join(f"{name} {value:,.0f} rows" for name, value in sorted(unknown.items()))
    outcomes = [(n, metrics.get(f"monitor/{n}")) for n in OUTCOMES]
    yield "outcomes", "  ".join(f"{n.replace('_', ' ')} {v:,.0f}" for n, v in outcomes if v is not None)
    yield "judged", describe_weeks(metrics)
    yield "features", f"{metrics['data/features']:.0f}" if "data/features" in metrics else ""
    seen = {n.removesuffix("_share"): v for n, v in select_group(metrics, "test").items() if n.startswith("seen_")}
    known = "  ".join(f"by {n.removeprefix('seen_')} {v:.1%}" for n, v in seen.items())
    yield "seen", f"test rows that training has seen too: {known}" if known else ""
    yield "test rows", "  ".join(_name_large_keys(metrics))
    folds = {n.removesuffix("_mean"): v for n, v in select_group(metrics, "folds").items() if n.endswith("_mean")}
    beside = {n: f" (baseline {write_score(v)})" for n, v in select_group(folds, "baseline_").items()}
    means = [f"{n} {write_score(v)}{beside.get(n, '')}" for n, v in folds.items() if not n.startswith("baseline_")]
    yield "folds", f"mean {'  '.join(means)}" if means else ""
    if "model.version" in run.data.tags:
        yield "model", f"version {run.data.tags['model.version']}, {run.data.tags.get('promotion', '')}"
    yield "preset", run.data.tags.get("preset", "")
    yield "search", _describe_search(metrics, run.data.tags)
    yield "networks", describe_members(list_members(metrics))
    yield "data", run.data.tags.get("data.origin", "from an earlier run")
    yield "left out", run.data.tags.get("left_out", "")
    yield "report", run.data.tags.get("report", "")
    yield "seconds", f"{sum(seconds.values()):.1f} in all{_list_seconds(': ', seconds)}"
    yield "", _list_seconds("meanwhile ", background)
    place = f"at {store}" if is_server(store) else f"in {store}; look at it: casebook ui"
    yield "MLflow", f"experiment {run.data.tags.get('case')}, run {run.info.run_id} {place}"


def _list_seconds(before: str, seconds: Mapping[str, float]) -> str:
    told = "  ".join(f"{stage} {value:.1f}" for stage, value in seconds.items() if value >= MIN_SECONDS)
    return f"{before}{told}" if told else ""


def describe_weeks(metrics: Mapping[str, float]) -> str:
    """Say how good predictions were once their outcomes arrived, and how many weeks had enough of them to be judged."""
    found = select_group(metrics, "monitor")
    if "weeks" not in found:
        return ""
    scores = [f"{n.removeprefix(OVERALL)} {write_score(v)}" for n, v in found.items() if n.startswith(OVERALL)]
    weeks = f"{found['judged_weeks']:,.0f} of {found['weeks']:,.0f} weeks"
    few = "" if found["judged_weeks"] else ": they have one class, or fewer outcomes than monitor.min_rows_per_week"
    overall = f"{scores[0]} of all outcomes" if scores else "no score: all outcomes are of one class"
    return f"{overall}  {weeks}{few}"


def _describe_search(metrics: Mapping[str, float], tags: Mapping[str, str]) -> str:
    """Say what a search before the training found."""
    found = select_group(metrics, "search")
    if not found:
        return ""
    took = f"{found['trials']:.0f} trials in {found['seconds'] / 60:.1f} minutes"
    gained = f"better by {write_score(found['gain'])} on the validation rows" if found["gain"] else "none better than"
    return f"{took}, {gained}: {tags.get('search.best', '')}"


def _scores_table(
    scores: Mapping[str, Mapping[str, float]], updated: bool, members: Mapping[str, Mapping[str, float]]
) -> Table:
    """Build the table of scores, a row for each metric: network or ensemble, baseline, reference, best reachable.

    Of an ensemble the lowest and the highest score of one of its networks alone stand beside its own.
    """
    networks = list_networks(members)
    names = {"test": "winner" if scores["default"] else name_model(members), "best_reachable": "best reachable"}
    if updated:
        # What is known of a sample was worked out for the rows of a training run.
        names, scores = names | UPDATED, {who: values for who, values in scores.items() if who != "best_reachable"}
    shown = {who: values for who, values in scores.items() if values}
    table = Table()
    table.add_column("new rows held out" if updated else "test rows")
    for who in shown:
        table.add_column(names.get(who, who), justify="right")
    if networks:
        table.add_column("one network", justify="right")
    for name in scores["baseline"]:
        cells = [write_logged_score(values, name) for values in shown.values()]
        each = sorted(network[name] for network in networks if name in network)
        ends = dict.fromkeys(write_score(score) for score in (each[0], each[-1])) if each else {}
        table.add_row(name, *cells, *([" to ".join(ends)] if each else []))
    return table


def _name_large_keys(metrics: Mapping[str, float]) -> Iterator[str]:
    """Name what of the test rows is held by one person, group or the like."""
    for name, share in select_group(metrics, "data").items():
        if name.startswith("largest_") and share > LARGE_KEY_SHARE:
            word = name.removeprefix("largest_").removesuffix("_share").replace("_", " ")
            yield f"one {word} holds {share:.0%} of them"
