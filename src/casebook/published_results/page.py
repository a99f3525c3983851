"""The ledger as a page: published figures, measured figures, verdicts."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING

from casebook.cases.registry import CASES
from casebook.evaluation.metrics import is_greater_better
from casebook.published_results.plan import LedgerRow, plan_rows
from casebook.published_results.runs import find_runs, seconds
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities import Run

# Within so much a share counts as reproduced, within so large a part of it an error does.
SHARE_TOLERANCE, ERROR_TOLERANCE = 0.01, 0.05
# The metrics of a row of which nothing was published.
DEFAULT_METRICS = {
    "binary": ("test/accuracy", "test/auc"),
    "multiclass": ("test/accuracy",),
    "regression": ("test/mae", "test/rmspe"),
}
HEAD = """# Ledger of published results

Written by `make ledger` from MLflow: every published experiment run again on the real files, beside it the same network
under settings that close its leaks, and our default. {note}

Verdicts: reproduced when a share (accuracy, AUC) lies within 0.01 of the printed one, an error or loss within 5 %;
better or not reproduced when it lies beyond. "±" is the standard deviation over seeds. Baseline: majority class or
training mean; reference: boosted trees, for images and texts logistic regression; both on the network's own rows.
"""
REDHAT_NOTE = (
    "The labelled Red Hat rows at hand are 26,943 real ones, a part of the original: its rows say what they give."
)
COLUMNS = (
    "variant", "what", "published", "measured", "seeds", "verdict", "baseline", "reference", "our default", "minutes",
)  # fmt: skip


def write_page(path: Path, client: MlflowClient) -> None:
    """Write the ledger of everything that has been run."""
    parts = [HEAD.format(note=REDHAT_NOTE)]
    for case in CASES:
        found = [(row, find_runs(client, row)) for row in plan_rows(case)]
        lines = list(_case_lines(found))
        missing = [_name(row).replace("<br>", " ") for row, runs in found if not runs]
        if not lines:
            parts.append(f"## {case}\n\nNot run yet.")
        else:
            parts.append("\n".join([f"## {case}\n", _line(COLUMNS), _line(["---"] * len(COLUMNS)), *lines]))
            notes = [f"- `{row.variant}`: {row.note}" for row, _ in found if row.note]
            notes += [f"- Not run yet: {', '.join(missing)}"] if missing else []
            parts += ["\n".join(notes)] if notes else []
    path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as file:
        file.write_text("\n\n".join(parts) + "\n")


def _case_lines(found: Sequence[tuple[LedgerRow, Sequence[Run]]]) -> Iterator[str]:
    defaults: Mapping[str, float] = {}
    for row, runs in found:
        if not runs:
            continue
        if row.variant == "default" and not row.changes:
            defaults = _means(runs)
        yield from _row_lines(row, runs, defaults)


def _row_lines(row: LedgerRow, runs: Sequence[Run], defaults: Mapping[str, float]) -> Iterator[str]:
    """Format a line for each figure: each published one, or the main ones where nothing was published."""
    metrics = list(row.published) or list(DEFAULT_METRICS[row.task])
    if row.folds:
        metrics += [name for name in ("folds/accuracy_mean", "folds/mae_mean") if name in runs[0].data.metrics]
    name = _name(row)
    for metric in dict.fromkeys(metrics):
        values = [run.data.metrics[metric] for run in runs if metric in run.data.metrics]
        printed = row.published.get(metric)
        yield _line(
            [
                name,
                f"{metric} ({row.strategy})",
                "-" if printed is None else write_figure(printed) + " (doubtful)" * (metric in row.doubtful),
                write_spread(values),
                str(len(values)),
                compare_figures(metric, printed, values),
                _comparison_figure(runs, metric, "baseline"),
                _comparison_figure(runs, metric, "reference"),
                write_figure(defaults[metric]) if metric in defaults else "-",
                f"{fmean(map(seconds, runs)) / 60:.1f}",
            ]
        )
        name = ""


def _name(row: LedgerRow) -> str:
    """Format a row's name: its variant, and what is changed in it."""
    return "<br>".join([row.variant, *(f"{key}={value}" for key, value in row.changed.items())])


def compare_figures(metric: str, published: float | None, measured: Sequence[float]) -> str:
    """Compare a measured figure with a published one: reproduced, better, or not reproduced."""
    if published is None or not measured:
        return "-" if measured else "not measured"
    # What is better when greater is a share; figures of the others are errors or losses.
    found, is_share = fmean(measured), is_greater_better(metric)
    tolerance = SHARE_TOLERANCE if is_share else ERROR_TOLERANCE * abs(published)
    gain = (found - published) * (1 if is_share else -1)
    # A hair above, for figures that differ by the tolerance as they are written.
    if abs(gain) <= tolerance + 1e-9:
        return "reproduced"
    return "better" if gain > 0 else "not reproduced"


def _comparison_figure(runs: Sequence[Run], metric: str, who: str) -> str:
    """Return the reference's figure on the same rows: of the test rows, or of the folds."""
    part, _, name = metric.partition("/")
    other = f"folds/{who}_{name}" if part == "folds" else f"{who}/{name}"
    values = [run.data.metrics[other] for run in runs if other in run.data.metrics]
    return write_figure(fmean(values)) if values and part in {"test", "folds"} else "-"


def _means(runs: Sequence[Run]) -> dict[str, float]:
    names = set.intersection(*(set(run.data.metrics) for run in runs))
    return {name: fmean(run.data.metrics[name] for run in runs) for name in names}


def write_spread(values: Sequence[float]) -> str:
    """Format mean and spread over seeds."""
    if not values:
        return "-"
    spread = f" ± {write_figure(stdev(values))}" if len(values) > 1 else ""
    return write_figure(fmean(values)) + spread


def write_figure(value: float) -> str:
    """Format a figure with the decimals of its size."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
