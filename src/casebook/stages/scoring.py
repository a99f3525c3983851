"""Nodes that use the champion: score new rows, measure how far they have moved, explain some; and their wiring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.pipeline import Pipeline

from casebook.batch_scoring.scorer import FEATURE, ScoredRows
from casebook.column_types.invalid_values import find_invalid_values
from casebook.column_types.parsing import InvalidTableError
from casebook.evaluation.shapley import COLUMNS, explain_rows
from casebook.monitoring.drift import tabulate_drift
from casebook.stages.graph import stage

if TYPE_CHECKING:
    import numpy as np

    from casebook.datasets.blocks import NewRowsReader
    from casebook.model_registry.champion import Champion

Block = dict[str, Any]


def create_prediction_pipeline(case: str) -> Pipeline:
    """Wire `<case>_predict`: everything that a case's own does lies in its champion and its `NewRows`."""
    rows = ["raw_new_rows", "champion", "params:predict"]
    counted = ["scored", "champion", "params:predict"]
    nodes = [
        stage("prediction", score_new_rows, rows, "scored"),
        stage("prediction", measure_drift, counted, ["prediction_metrics", "drift", "drift_figures"]),
        stage("explanation", explain_new_rows, rows, "explanations"),
    ]
    return Pipeline(nodes, namespace=case)


def score_new_rows(raw_new_rows: NewRowsReader, champion: Champion, predict: Block) -> ScoredRows:
    """Lay out the scoring of all new rows; it happens block by block while the result is written."""
    blocks = raw_new_rows.blocks(predict["file"])
    return ScoredRows(blocks, raw_new_rows.lookup_table, champion, raw_new_rows.form, raw_new_rows.today)


def measure_drift(
    scored: Block, champion: Champion, predict: Block
) -> tuple[dict[str, float], pd.DataFrame, dict[str, Any]]:
    """Measure how far features and answers have moved from those of the training.

    Returns:
        `prediction/rows`, `prediction/scored`, `prediction/rejected`, `prediction/seconds` from the first byte read to
        the last written, `drift/<feature or answer>` and `drift/alarms`
        (how many reach the level); the table of `drift.tabulate_drift`; its figure.
    """
    from casebook.plots.monitoring import draw_drift

    level = predict["drift_alarm"]
    drift = tabulate_drift(champion.profile.get("histograms", {}), scored["counts"], level)
    found = {f"prediction/{name}": float(scored[name]) for name in ("rows", "scored", "rejected", "seconds")}
    moved = {
        f"drift/{name.removeprefix(FEATURE)}": value
        for name, value in zip(drift["column"], drift["index"], strict=True)
    }
    figures = {"drift.png": draw_drift(drift, level)} if len(drift) else {}
    return {**found, **moved, "drift/alarms": float(drift["alarm"].sum())}, drift, figures


def explain_new_rows(raw_new_rows: NewRowsReader, champion: Champion, predict: Block) -> pd.DataFrame:
    """Explain the first rows that can be scored, as many as `predict.explain` says.

    Returns:
        See `explaining.explain_rows`; of several classes the probability of the likeliest is explained. `row` is the
        row's number in the file.

    Raises:
        InvalidTableError: a row is one image or one text, which has no columns to tell apart.
    """
    if not predict["explain"]:
        return pd.DataFrame(columns=COLUMNS)
    if set(champion.kinds.values()) <= {"image", "string"}:
        raise InvalidTableError(
            "predict.explain: a row of this case is one image or text; it has no columns to tell apart"
        )
    rows = _first_rows(raw_new_rows, champion, predict)
    return pd.concat([_explain(champion, rows.iloc[[place]]) for place in range(len(rows))], ignore_index=True)


def _first_rows(reader: NewRowsReader, champion: Champion, predict: Block) -> pd.DataFrame:
    from casebook.batch_scoring.scorer import index_lookup_table, join_lookup_table

    lookup_table = reader.lookup_table()
    indexed = None if lookup_table is None else index_lookup_table(lookup_table, reader.form, champion.kinds)
    block = next(reader.blocks(predict["file"]))
    rows, faults = join_lookup_table(block.rows, indexed, reader.form)
    wanted = rows[[name for name in champion.kinds if name in rows]]
    wrong = {fault.row for fault in [*faults, *find_invalid_values(wanted, champion.kinds)]}
    chosen = [row for row in range(len(wanted)) if row not in wrong][: predict["explain"]]
    return wanted.iloc[chosen].astype(object)


def _explain(champion: Champion, row: pd.DataFrame) -> pd.DataFrame:
    answer = champion.predict(row)
    several = not {"probability", "prediction"} & set(answer.columns)
    column = f"probability_{answer['class'].iloc[0]}" if several else str(answer.columns[0])

    def explained(rows: pd.DataFrame) -> np.ndarray:
        values: np.ndarray = champion.predict(rows)[column].to_numpy()
        return values

    return explain_rows(explained, row, champion.profile.get("typical", {}), champion.kinds)
