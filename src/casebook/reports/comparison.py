"""Comparison of runs of one case: what differs in their parameters, their scores, and paired intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.config.tree import flatten
from casebook.evaluation.intervals import bootstrap_scores, count_resamples, find_interval, number_keys
from casebook.evaluation.metrics import metrics_of
from casebook.reports.score_intervals import LEAST_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from casebook.evaluation.metrics import Metric
    from casebook.reports.judged import Judged
    from casebook.reports.reported_run import ReportedRun

# Blocks that say nothing of what a run is.
NO_SETTINGS = ("variants", "predict", "monitor", "update", "keep_runs", "resume", "reuse", "from_run", "report",
    "figures", "profile")  # fmt: skip


@dataclass(frozen=True)
class ComparedRun:
    """A run and what it left.

    Attributes:
        run: with metrics, tags and parameters.
        tables: see `test_tables.tabulate_test`.
        intervals: see `score_intervals.measure_intervals`.
        own: its predictions of the test rows; None where their file is gone.
        keys: of the test rows by which its split was made; None as well.
    """

    run: ReportedRun
    tables: dict[str, Any]
    intervals: dict[str, Any]
    own: Judged | None = None
    keys: pd.Series | None = None


def list_differences(runs: Sequence[ComparedRun]) -> list[tuple[str, list[str]]]:
    """List the parameters that differ: dotted name, and its value in each run; empty where a run has none."""
    settings = [
        flatten({name: value for name, value in each.run.parameters.items() if name not in NO_SETTINGS})
        for each in runs
    ]
    names = dict.fromkeys(name for each in settings for name in each)
    rows = [(name, [str(each.get(name, "")) for each in settings]) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def explain_unpaired(first: ComparedRun, other: ComparedRun) -> str:
    """Say why two runs cannot be compared row by row; empty where they can."""
    prints = [each.run.tags.get("data.fingerprint", "") for each in (first, other)]
    if first.run.target != other.run.target or first.tables["task"] != other.tables["task"]:
        return "they predict different things"
    if all(prints) and prints[0] != prints[1]:
        return f"they read different data (fingerprints {prints[0]} and {prints[1]})"
    if first.tables["fingerprint"] != other.tables["fingerprint"]:
        strategies = [each.run.parameters["split"]["strategy"] for each in (first, other)]
        rows = [f"{each.tables['rows']:,}" for each in (first, other)]
        return f"their test rows differ ({rows[0]} by {strategies[0]} and {rows[1]} by {strategies[1]})"
    gone = [each.run.name for each in (first, other) if each.own is None]
    return f"the test predictions of {' and '.join(gone)} are gone (keep_runs.finished)" if gone else ""


def compare_pair(first: ComparedRun, other: ComparedRun) -> list[dict[str, Any]]:
    """Bootstrap how much better the other run is than the first on the same test rows, by the first one's keys.

    Returns:
        For each metric `name`, `gain`, `low` and `high`; ends are None where there are too few keys.

    Raises:
        ValueError: says why they cannot be compared.
    """
    reason = explain_unpaired(first, other)
    if reason or first.own is None or other.own is None or first.keys is None:
        raise ValueError(reason)
    metrics = metrics_of(first.own.task)
    gains = measure_gains([first.own, other.own], first.keys, metrics)
    found = [{"name": metric.name, **rows[0]} for metric, rows in zip(metrics, gains, strict=True)]
    return [each for each in found if not np.isnan(each["gain"])]


def measure_gains(judged: Sequence[Judged], keys: pd.Series, metrics: Sequence[Metric]) -> list[list[dict[str, Any]]]:
    """Bootstrap how much better other models are than the first, all on the same resamples of the rows' keys.

    Returns:
        For each metric, for each model after the first `gain`, `low` and `high`; ends are None with too few keys.
    """
    scorers = {
        f"{place}/{metric.name}": metric.scorer(each.target, each.response(metric))
        for metric in metrics
        for place, each in enumerate(judged)
    }
    codes, weights = number_keys(keys, len(keys)), judged[0].weights
    enough = int(codes.max()) + 1 >= LEAST_KEYS
    resampled = bootstrap_scores(scorers, codes, count_resamples(len(codes)) if enough else 0, weights)
    found: list[list[dict[str, Any]]] = []
    for metric in metrics:
        rows = []
        for place in range(1, len(judged)):
            pair = [f"{who}/{metric.name}" for who in (place, 0)]
            gain = metric.sign * (scorers[pair[0]](weights) - scorers[pair[1]](weights))
            low, high = find_interval(metric.sign * (resampled[pair[0]] - resampled[pair[1]]))
            rows.append(
                {"gain": gain, **({"low": None, "high": None} if np.isnan(low) else {"low": low, "high": high})}
            )
        found.append(rows)
    return found


def gather_curves(runs: Sequence[ComparedRun], names: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
    """Gather the curves of runs by metric: `epoch`, `value`, `part` and `run`."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, each in zip(names, runs, strict=True):
        for point in each.tables["curves"]:
            found.setdefault(point["metric"], []).append({**point, "run": name})
    return found
