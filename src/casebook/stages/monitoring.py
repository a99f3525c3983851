"""Nodes of monitoring: predictions whose outcomes have arrived are scored by week; and their wiring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro.pipeline import Pipeline

from casebook.column_types.parsing import InvalidTableError
from casebook.evaluation.metrics import main_metric
from casebook.inference.predictions import task_of
from casebook.monitoring import weekly_scores
from casebook.stages.graph import stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.datasets.blocks import OutcomesReader

Block = dict[str, Any]


def create_monitoring_pipeline(case: str) -> Pipeline:
    """Wire `<case>_monitor`."""
    nodes = [
        stage(
            "monitoring",
            follow_predictions,
            ["scored", "predicted", "raw_outcomes", "params:monitor", "params:target"],
            ["weekly", "weekly_curves", "weekly_figures"],
        ),
        # Behind the curves, so that they are there when it fails.
        stage("monitoring", weekly_scores.refuse_below_level, ["weekly"], None),
    ]
    return Pipeline(nodes, namespace=case)


def follow_predictions(
    scored: Block, predicted: pd.DataFrame, raw_outcomes: OutcomesReader, monitor: Block, target: str
) -> tuple[pd.DataFrame, dict[str, Mapping[int, float]], dict[str, Any]]:
    """Score the predictions whose outcomes have arrived, week by week, beside the test rows' score.

    Returns:
        The table of `monitoring.judge_weeks`, its curves and its figure.

    Raises:
        InvalidTableError: outcomes that do not fit, or no test score of that metric to compare with.
    """
    from casebook.plots.monitoring import draw_weeks

    task = task_of(predicted)
    metric = monitor["metric"] or main_metric(task).name
    test_score = scored["model"]["test"].get(metric)
    if test_score is None:
        known = ", ".join(scored["model"]["test"]) or "none"
        raise InvalidTableError(f"monitor.metric: the model that predicted has no test score {metric}; it has {known}")
    outcomes = raw_outcomes.read(monitor["outcomes"])
    joined = weekly_scores.join_outcomes(predicted, outcomes, raw_outcomes.key, target, task != "regression")
    weekly = weekly_scores.score_weeks(joined, metric, monitor["min_rows_per_week"])
    judged = weekly_scores.judge_weeks(weekly, metric, test_score, monitor["drop"])
    figures = {"weeks.png": draw_weeks(judged, metric)}
    return judged, weekly_scores.weekly_metrics(judged, metric), figures
