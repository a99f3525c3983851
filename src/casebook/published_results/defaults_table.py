"""The README's table: what each case's default reaches as a user runs it, with intervals and spread over seeds."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from casebook.cases.registry import CASES
from casebook.evaluation.metrics import find_metric
from casebook.published_results.plan import plan_default
from casebook.published_results.runs import find_runs
from casebook.reports.numbers import write_interval, write_score_like
from casebook.reports.score_intervals import name_large_key
from casebook.runtime.atomic_files import atomic_write
from casebook.tracking.run_reports import load_intervals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import Run

    from casebook.published_results.plan import LedgerRow

BEGIN, END = "<!-- defaults: written by `make defaults` -->", "<!-- /defaults -->"
COLUMNS = ("case, test rows", "metric", "network", "seeds", "baseline", "reference", "better by")
PLURALS = {"person": "people"}


class NoMarkersError(ValueError):
    """A page without the two lines between which the table stands."""


def write_table(page: Path, client: MlflowClient) -> None:
    """Write the table into a page, between its two markers.

    Raises:
        NoMarkersError: the page lacks one of them.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarkersError(f"{page} lacks the line {BEGIN} or {END}")
    text = "\n".join(["", *tabulate_defaults(client), ""])
    with atomic_write(page) as file:
        file.write_text(f"{before}{BEGIN}{text}{END}{after}", encoding="utf-8")


def tabulate_defaults(client: MlflowClient) -> Iterator[str]:
    """Yield the lines of the table, and those that name what holds much of a case's test rows."""
    yield _line(COLUMNS)
    yield _line(["---"] * len(COLUMNS))
    told = []
    for row in map(plan_default, CASES):
        runs = find_runs(client, row)
        if not runs:
            metric = find_metric(row.resolved["promotion"]["metric"]).title
            yield _line([row.case, metric, "not run yet", *["-"] * (len(COLUMNS) - 3)])
            continue
        intervals = load_intervals(runs[0].info.run_id)
        yield _case_line(row, runs, intervals)
        told += [f"{row.case}: {name_large_key(intervals['key'])}."] if name_large_key(intervals["key"]) else []
    if told:
        yield ""
        yield " ".join(told)


def _case_line(row: LedgerRow, runs: Sequence[Run], intervals: dict[str, Any]) -> str:
    """Format a case's line: the first seed is the one that a plain run trains from."""
    metrics, name = runs[0].data.metrics, str(row.resolved["promotion"]["metric"])
    measured = next(each for each in intervals["metrics"] if each["name"] == name)
    score, low, high = (measured[end] for end in ("score", "low", "high"))
    spread = [run.data.metrics[f"test/{name}"] for run in runs]
    seeds = f"{write_score_like(fmean(spread), low, high)} ± {stdev(spread):.4f}" if len(spread) > 1 else "-"
    return _line(
        [
            _describe_rows(row, metrics["data/test_rows"], intervals["key"]),
            find_metric(name).title,
            write_interval(score, low, high),
            seeds,
            write_score_like(metrics[f"baseline/{name}"], low, high),
            write_interval(measured["other"], measured["other_low"], measured["other_high"]),
            write_interval(measured["gain"], measured["gain_low"], measured["gain_high"]),
        ]
    )


def _describe_rows(row: LedgerRow, rows: float, key: dict[str, Any]) -> str:
    """Describe a case's test rows: how many, how they were held out, and how many keys the interval draws."""
    held_out = "its own" if row.strategy == "given" else f"by {row.strategy}"
    keys = "" if key["count"] == rows else f" of {key['count']:,} {PLURALS.get(key['word'], key['word'] + 's')}"
    return f"{row.case}, {held_out}: {rows:,.0f}{keys}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
