"""The leaderboard of a case, read from its runs in MLflow, and its tables on the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from casebook.config.paths import runs_folder
from casebook.evaluation.metrics import Metric, find_metric, main_metric
from casebook.evaluation.thresholds import MIDDLE
from casebook.reports.judged import Judged
from casebook.reports.leaderboard import BASELINE, NETWORK, REFERENCE, STUDY, Entry, rank_entries
from casebook.reports.numbers import write_interval
from casebook.reports.reported_run import describe_strategy
from casebook.reports.score_intervals import name_large_key
from casebook.reports.test_rows import KEY
from casebook.tracking.run_reports import NothingToReportError, load_intervals, load_tables, read_run
from casebook.tracking.run_search import list_runs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mlflow.entities import Run

    from casebook.reports.reported_run import ReportedRun

    # A run, and its intervals with what identifies its test rows.
    Tested = tuple[ReportedRun, dict[str, Any]]

FINGERPRINT = "fingerprint"
# Characters of a run's id that tell it apart.
ID_CHARACTERS = 6
# Entries of a table that are shown unless all are asked for.
SHOWN = 20


@dataclass
class Board:
    """The entries of the runs on the same test rows, the newest run first.

    Attributes:
        rows: what they are, in words.
        note: what of them a score hangs on; empty where nothing does.
        entries: in the order of the runs.
    """

    rows: str
    note: str
    entries: list[Entry]


def show_leaderboard(case: str, metric_name: str = "", limit: int = SHOWN) -> None:
    """Print the leaderboard of a case: a table for each set of test rows, that of the newest run first.

    Args:
        case: its name.
        metric_name: by which entries are ranked; empty for the metric by which models of the case are promoted.
        limit: most entries of a table.

    Raises:
        NothingToReportError: no run has test scores; says what to do.
        ValueError: there is no such metric of the case's task.
    """
    found, left_out = _read_runs(case)
    if not found:
        raise NothingToReportError(
            f"no finished run of {case} has test scores with their rows: kedro run --pipeline={case}"
        )
    newest, intervals = found[0]
    task = str(intervals["task"])
    chosen = metric_name or newest.parameters.get("promotion", {}).get("metric") or main_metric(task).name
    metric = find_metric(chosen, task)
    of_rows: dict[tuple[str, ...], list[Tested]] = {}
    for run, measured in found:
        key = (str(measured[FINGERPRINT]), run.tags.get("data.fingerprint", ""), _name_weight(run))
        of_rows.setdefault(key, []).append((run, measured))
    boards = [_fill_board(runs, metric) for runs in of_rows.values()]
    console = Console()
    for board in boards:
        _print_board(console, case, board, metric, limit)
    for line in _list_notes(boards, left_out):
        console.print(line, markup=False, highlight=False)


def _list_notes(boards: Collection[Board], left_out: int) -> Iterator[str]:
    """List what a reader must know of the tables."""
    yield "behind the best: on the same resamples, 95 %; where that holds 0, these rows cannot tell the two apart."
    if len(boards) > 1:
        yield f"{len(boards)} sets of test rows, a table each: what is on different rows is never ranked together."
    if left_out:
        yield f"left out: {left_out} finished runs that kept no record of which rows they were tested on."


def _read_runs(case: str) -> tuple[list[Tested], int]:
    """Read the trainings and studies of a case, the newest first -> each with its intervals, and how many lack them."""
    found, left_out = [], 0
    for run in list_runs(case):
        if run.info.status != "FINISHED" or not _is_tested(run):
            continue
        try:
            reported = read_run(run)
            intervals = load_intervals(reported.run_id)
            # Runs of earlier versions have what identifies the rows among the tables of their page.
            told = {} if FINGERPRINT in intervals else load_tables(reported)
            found.append((reported, {**told, **intervals}))
        except NothingToReportError:
            left_out += 1
    return found, left_out


def _is_tested(run: Run) -> bool:
    """Test whether a run has scores on test rows of a training or a study."""
    metrics = run.data.metrics
    return any(name.startswith("test/") for name in metrics) and "update/rows" not in metrics


def _name_weight(run: ReportedRun) -> str:
    """Name the column by which a run's rows count; scores by another one are other scores."""
    return str(run.parameters.get("weight", ""))


def _fill_board(runs: list[Tested], metric: Metric) -> Board:
    """Gather the entries of runs on the same rows, the newest first."""
    entries = [entry for run, measured in runs for entry in _read_entries(run, measured, metric)]
    run, measured = runs[0]
    # Studies of earlier versions did not count the rows of the split.
    counts = [each.metrics["data/test_rows"] for each, _ in runs if "data/test_rows" in each.metrics]
    counts += [len(entry.own.target) for entry in entries if entry.own is not None]
    rows = f"{counts[0]:,.0f} test rows" if counts else "test rows"
    rows = f"{rows}, {describe_strategy(run.parameters['split']['strategy'])}, of {run.data}"
    if weight := _name_weight(run):
        rows = f"{rows}, weighed by {weight}"
    return Board(f"{rows}; rows {measured[FINGERPRINT][:ID_CHARACTERS]}", name_large_key(measured["key"]), entries)


def _read_entries(run: ReportedRun, measured: dict[str, Any], metric: Metric) -> Iterator[Entry]:
    """Yield what a run scored: its network or its study's best, the reference and the baseline."""
    row = next((each for each in measured["metrics"] if each["name"] == metric.name), None)
    if row is None:
        return
    study = run.job == "study"
    own = _read_predictions(run, "winner" if study else "test", float(measured.get("threshold", MIDDLE)))
    kind = STUDY if study else NETWORK
    yield Entry(kind, run.name, run.run_id, row["score"], row["low"], row["high"], own)
    if row.get("other") is not None:
        other = _read_predictions(run, "reference", float(measured.get("reference_threshold", MIDDLE)))
        ends = row["other_low"], row["other_high"]
        yield Entry(REFERENCE, run.reference_name, run.run_id, row["other"], *ends, other)
    baseline = run.metrics.get(f"baseline/{metric.name}")
    if baseline is not None:
        yield Entry(BASELINE, "", run.run_id, baseline)


def _read_predictions(run: ReportedRun, who: str, threshold: float) -> Judged | None:
    """Read a model's predictions of the test rows, where the run's folder still has them."""
    file = runs_folder(run.case) / run.run_id / "07_model_output" / f"{who}_predictions.parquet"
    return Judged.of(pd.read_parquet(file), threshold) if file.is_file() else None


def _read_keys(case: str, entries: list[Entry]) -> pd.Series | None:
    """Read the keys of the test rows from the newest run that kept them."""
    files = (runs_folder(case) / each.run_id / "07_model_output" / "test_keys.parquet" for each in entries)
    return next((pd.read_parquet(file)[KEY] for file in files if file.is_file()), None)


def _print_board(console: Console, case: str, board: Board, metric: Metric, limit: int) -> None:
    """Print a table of entries on the same rows, and what is to be known of them."""
    ranked = rank_entries(board.entries, _read_keys(case, board.entries), metric)
    console.print(f"\n[bold]{case}[/bold]  {escape(board.rows)}", highlight=False)
    table = Table()
    for name in ("", "run"):
        table.add_column(name)
    for name in (metric.title, "behind the best"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in ranked[:limit]:
        table.add_row(*(escape(cell) for cell in _write_cells(entry)))
    console.print(table)
    if len(ranked) > limit:
        console.print(f"{len(ranked) - limit} more: --limit {len(ranked)}", highlight=False)
    if board.note:
        console.print(f"{escape(board.note)}: the scores hang on it", highlight=False)


def _write_cells(entry: Entry) -> tuple[str, str, str, str]:
    """Write an entry: what it is, its run, its score, and how far it is behind the best on the same resamples."""
    run = entry.run_id[:ID_CHARACTERS]
    what = entry.kind
    if entry.kind == REFERENCE:
        what = f"{what}, {entry.name}"
    elif entry.name:
        run = f"{run} {entry.name}"
    if entry.runs > 1:
        run = f"{run} and {entry.runs - 1} more"
    behind = ""
    if entry.gain is not None:
        ends = (
            (None, None) if entry.gain_low is None or entry.gain_high is None else (-entry.gain_high, -entry.gain_low)
        )
        behind = write_interval(abs(entry.gain), *ends)
    return what, run, write_interval(entry.score, entry.low, entry.high), behind
