"""Nodes of the report: intervals of the test scores, and the tables behind the run's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.config import schema
from casebook.reports import score_intervals, test_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from casebook.preprocessing.row_schema import RowSchema

Block = dict[str, Any]


def number_test_rows(
    feature_table: pd.DataFrame, split_assignment: pd.DataFrame, split: Block, duplicates: str
) -> pd.DataFrame:
    """Number the test rows and the keys by which the split was made; see `test_rows.number_test_rows`."""
    settings = schema.SplitParameters.model_validate(split)
    return test_rows.number_test_rows(feature_table, split_assignment, settings, duplicates)


def measure_intervals(
    test_predictions: pd.DataFrame,
    reference_predictions: pd.DataFrame,
    test_keys: pd.DataFrame,
    threshold: float,
    reference_threshold: float,
) -> tuple[dict[str, float], Block]:
    """Bootstrap the test scores by the split's keys.

    Returns:
        The metrics of `score_intervals.interval_metrics`; and all of `score_intervals.measure_intervals`, with what a
        leaderboard must know of the rows: `task`, `fingerprint`, `threshold` and `reference_threshold`.
    """
    from casebook.reports.judged import Judged

    other = None if reference_predictions.empty else Judged.of(reference_predictions, reference_threshold)
    word = str(test_keys[test_rows.WORD].iloc[0])
    own = Judged.of(test_predictions, threshold)
    measured = score_intervals.measure_intervals(own, other, test_keys[test_rows.KEY], word)
    judged = {
        "task": own.task,
        "fingerprint": test_rows.fingerprint_rows(test_keys, own.target),
        "threshold": threshold,
        "reference_threshold": reference_threshold,
    }
    return score_intervals.interval_metrics(measured), {**measured, **judged}


def measure_winner_intervals(
    winner_predictions: pd.DataFrame, test_keys: pd.DataFrame, winner_threshold: float
) -> Block:
    """Bootstrap the test scores of a study's winner; nothing where its test rows are others than the case's."""
    if winner_predictions.empty:
        return {}
    return measure_intervals(winner_predictions, winner_predictions.head(0), test_keys, winner_threshold, 0.5)[1]


def select_test_rows(
    joined_rows: pd.DataFrame,
    split_assignment: pd.DataFrame,
    test_predictions: pd.DataFrame,
    importance: pd.DataFrame,
    target: str,
) -> pd.DataFrame:
    """Select the test rows with the raw columns that the network leans on; see `test_rows.select_columns`."""
    from casebook.evaluation.thresholds import MIDDLE
    from casebook.reports.judged import Judged

    def losses() -> np.ndarray:
        return Judged.of(test_predictions, MIDDLE).losses

    return test_rows.select_columns(joined_rows, split_assignment, importance, target, losses)


def tabulate_report(
    test_predictions: pd.DataFrame,
    test_rows: pd.DataFrame,
    test_keys: pd.DataFrame,
    history: pd.DataFrame,
    importance: pd.DataFrame,
    threshold: float,
    *,
    row_schema: RowSchema | None = None,
) -> Block:
    """Tabulate what the run's page shows of the test rows; see `test_tables.tabulate_test`.

    Returns:
        Its tables; or under `fault` alone why there are none, which stops no run.
    """
    from casebook.reports.judged import Judged
    from casebook.reports.test_tables import tabulate_test

    labels = [str(label) for label in row_schema.classes] if row_schema else []
    own = Judged.of(test_predictions, threshold)
    try:
        return tabulate_test(own, test_rows, test_keys, history, importance, labels)
    except Exception as error:  # noqa: BLE001 - whatever a table of nobody's making raises, the run goes on
        return {"fault": f"{type(error).__name__}: {error}"}
