"""Nodes that use the champion: score new rows, measure how far they have moved, explain some; and their wiring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from kedro.pipeline import Pipeline

from casebook.batch_scoring.file_scorer import FileScorer, FolderScoring, Source
from casebook.batch_scoring.rejections import refuse_rejected
from casebook.batch_scoring.scorer import join_lookup_table
from casebook.column_types.invalid_values import find_invalid_values
from casebook.column_types.parsing import InvalidTableError
from casebook.evaluation.shapley import COLUMNS, explain_rows, explained_output
from casebook.inference.bad_rows import answer_rows
from casebook.monitoring.drift import FEATURE, tabulate_drift
from casebook.stages.tagged_nodes import stage

if TYPE_CHECKING:
    from casebook.batch_scoring.scorer import ScoredRows
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
        stage("explanation", explain_new_rows, [*rows, "scored"], "explanations"),
        # Behind all that is written of the good rows.
        stage("prediction", refuse_rejected, ["scored", "params:predict", "drift", "explanations"], None),
    ]
    return Pipeline(nodes, namespace=case)


def score_new_rows(raw_new_rows: NewRowsReader, champion: Champion, predict: Block) -> ScoredRows | FolderScoring:
    """Set up the scoring of all new rows; blocks are scored lazily while the result is written."""
    scorer = FileScorer(raw_new_rows, champion)
    if predict["folder"]:
        return FolderScoring(predict["folder"], raw_new_rows.parts(predict["folder"]), scorer)
    path = raw_new_rows.place(predict["file"])
    return scorer.score(Source(path.name, path, raw_new_rows.digest(str(path)), str(path)))


def measure_drift(
    scored: Block, champion: Champion, predict: Block
) -> tuple[dict[str, float], pd.DataFrame, dict[str, Any]]:
    """Measure how far features and answers have moved from those of the training.

    Returns:
        `prediction/rows`, `prediction/scored`, `prediction/rejected`, `prediction/seconds` from the first byte read to
        the last written, `prediction/unknown/<feature>` (rows whose category the model does not know), of a folder
        `prediction/files/parts`, `.../before` (scored by an earlier command) and `.../failed`,
        `drift/<feature or answer>` and `drift/alarms` (how many reach the level by more than chance; none where the
        champion's run kept no profile); the table of `drift.tabulate_drift`; its figure.
    """
    from casebook.plots.monitoring import draw_drift

    level = predict["drift_alarm"]
    drift = tabulate_drift(champion.profile.get("histograms", {}), scored["counts"], level, champion.sources)
    found = {f"prediction/{name}": float(scored[name]) for name in ("rows", "scored", "rejected", "seconds")}
    found |= {f"prediction/files/{name}": float(count) for name, count in scored.get("parts", {}).items()}
    unknown = {f"prediction/unknown/{name}": float(known["rows"]) for name, known in scored["unknown"].items()}
    moved = {
        f"drift/{name.removeprefix(FEATURE)}": value
        for name, value in zip(drift["column"], drift["index"], strict=True)
    }
    alarms = {"drift/alarms": float(drift["alarm"].sum())} if len(drift) else {}
    figures = {"drift.png": draw_drift(drift, level)} if len(drift) else {}
    return {**found, **unknown, **moved, **alarms}, drift, figures


def explain_new_rows(
    raw_new_rows: NewRowsReader,
    champion: Champion,
    predict: Block,
    scored: Block,  # noqa: ARG001 - nothing is explained of a file that could not be scored
) -> pd.DataFrame:
    """Explain the first rows that can be scored, as many as `predict.explain` says.

    Returns:
        See `shapley.explain_rows`; of several classes the probability of the likeliest is explained. `row` is the
        row's number in the file.

    Raises:
        InvalidTableError: a row is one image or one text, which has no columns to tell apart, or the champion's run
            kept no profile, so that nothing is known of a typical row.
    """
    if not predict["explain"]:
        return pd.DataFrame(columns=COLUMNS)
    if set(champion.kinds.values()) <= {"image", "string"}:
        raise InvalidTableError(
            "predict.explain: a row of this case is one image or text; it has no columns to tell apart"
        )
    if not champion.profile.get("typical"):
        raise InvalidTableError(
            f"predict.explain: the run of version {champion.version} of {champion.case} kept no training profile, so "
            f"that there is no typical row to compare with; train anew with `kedro run --pipeline={champion.case}`"
        )
    # Of a folder its first file; a row's number tells nothing of others.
    file = str(raw_new_rows.parts(predict["folder"])[0].path) if predict["folder"] else predict["file"]
    rows = find_explainable(raw_new_rows, champion, file, predict["explain"])
    explained = [_explain(champion, rows.iloc[[place]]) for place in range(len(rows))]
    return pd.concat(explained, ignore_index=True) if explained else pd.DataFrame(columns=COLUMNS)


def find_explainable(reader: NewRowsReader, champion: Champion, file: str, most: int) -> pd.DataFrame:
    """Find the first rows of a file that the champion can answer, whichever block they are in.

    Returns:
        At most so many, under their numbers in the file.
    """
    indexed, form = FileScorer(reader, champion).lookup_table, reader.form_of(file)
    found: list[pd.DataFrame] = []
    for block in reader.blocks(file):
        rows, faults = join_lookup_table(block.rows, indexed, form)
        wanted = rows[[name for name in champion.kinds if name in rows]]
        wrong = [fault.row for fault in [*faults, *find_invalid_values(wanted, champion.kinds)]]
        good = np.setdiff1d(np.arange(len(wanted)), wrong)[: 2 * most]
        rows = wanted.iloc[good].astype(object).set_axis(block.numbers[good], axis=0)
        answers = answer_rows(champion.predict, rows)[0] if len(rows) else rows
        found.append(rows.loc[answers.index].head(most - sum(map(len, found))))
        if sum(map(len, found)) >= most:
            break
    return pd.concat(found)


def _explain(champion: Champion, row: pd.DataFrame) -> pd.DataFrame:
    column = explained_output(champion.predict(row))

    def explained(rows: pd.DataFrame) -> np.ndarray:
        values: np.ndarray = champion.predict(rows)[column].to_numpy()
        return values

    return explain_rows(explained, row, champion.profile.get("typical", {}), champion.kinds)
