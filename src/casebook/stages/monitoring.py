"""Nodes of monitoring: predictions whose outcomes have arrived are scored by week; and their wiring."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.pipeline import Pipeline

from casebook.data.schema_checks import read_targets
from casebook.evaluation.metrics import main_metric
from casebook.inference.predictions import task_of
from casebook.monitoring import weekly_scores
from casebook.monitoring.kept_predictions import choose_predictions, gather_predictions
from casebook.monitoring.outcomes import join_outcomes, parse_outcomes
from casebook.stages.tagged_nodes import stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.datasets.predicted import OutcomesReader
    from casebook.monitoring.kept_predictions import KeptPredictions

Block = dict[str, Any]


def create_monitoring_pipeline(case: str) -> Pipeline:
    """Wire `<case>_monitor`."""
    nodes = [
        stage(
            "monitoring",
            follow_predictions,
            ["predicted", "raw_outcomes", "params:monitor", "params:target", "params:labels"],
            ["weekly", "weekly_curves", "weekly_figures", "monitoring_metrics"],
        ),
        # Behind the curves, so that they are there when it fails.
        stage("monitoring", weekly_scores.refuse_below_level, ["weekly"], None),
    ]
    return Pipeline(nodes, namespace=case)


def follow_predictions(
    predicted: Sequence[KeptPredictions], raw_outcomes: OutcomesReader, monitor: Block, target: str, labels: Block
) -> tuple[pd.DataFrame, dict[str, Mapping[int, float]], dict[str, Any], dict[str, float]]:
    """Score the predictions whose outcomes have arrived, week by week, beside the test rows' score.

    Returns:
        The table of `monitoring.judge_weeks`, its curves and its figure; and `monitor/outcomes`, `monitor/joined` ...,
        see `outcomes.JoinedOutcomes` and `weekly_scores.summarize_weeks`.

    Raises:
        InvalidTableError: outcomes that do not fit, or no test score of that metric to compare with.
    """
    from casebook.plots.monitoring import draw_weeks

    key = raw_outcomes.key
    chosen = choose_predictions(predicted, monitor["file"], monitor["version"], bool(key))
    answers = chosen[-1].read(pd.Index([], dtype="str"))
    task = task_of(answers)
    metric = monitor["metric"] or main_metric(task).name
    classes = {"binary": 2, "regression": 0}.get(task, sum(str(name).startswith("probability_") for name in answers))
    # As the model numbered them that predicted: the case may have turned their order since.
    labels = {str(label): number for number, label in enumerate(chosen[-1].classes)} or labels
    read = partial(read_targets, classes=classes, labels=labels, kind=raw_outcomes.case.target_kind)
    outcomes = parse_outcomes(raw_outcomes.read(monitor["outcomes"]), key, target, read)
    joined = join_outcomes(gather_predictions(chosen, metric, pd.Index(outcomes["key"])), outcomes)
    weekly = weekly_scores.score_weeks(joined.rows, metric, monitor["min_rows_per_week"])
    levels = weekly_scores.mean_test_scores(joined.rows)
    judged = weekly_scores.judge_weeks(weekly, joined.rows, metric, levels, monitor["drop"])
    found = joined.counts | weekly_scores.summarize_weeks(judged)
    counts = {f"monitor/{name}": float(count) for name, count in found.items()}
    return judged, weekly_scores.weekly_metrics(judged, metric), {"weeks.png": draw_weeks(judged, metric)}, counts
