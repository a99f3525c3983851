"""Nodes that deal out rows for the trials of a study and for its winner; they see no test row before the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from casebook.learning import splitting
from casebook.modelling.folds import assign_folds
from casebook.modelling.nodes import fit_features

if TYPE_CHECKING:
    from casebook.learning.inputs import AnyPreparation
    from casebook.learning.preparation import Arrays

Block = dict[str, Any]
# Rows to train on, rows to judge by, and what both were prepared with; `learning.folds.Split` in a trial.
Splits = list[tuple["Arrays", "Arrays", "AnyPreparation"]]


class Study(Protocol):
    """What a study's nodes ask to search: workers, a store of trials and runs behind it."""

    def search(self, splits: Splits) -> tuple[Block, pd.DataFrame, dict[str, Any], str]:
        """Search until the budget is used up; see `search_variants`."""

    def judge(self, winner: Block) -> tuple[Any, AnyPreparation, dict[str, float]]:
        """Judge the winner; see `judge_winner`."""


def add_validation(parts: pd.DataFrame) -> pd.DataFrame:
    """Let validation rows be training rows too.

    Returns:
        `part` with bit 1 wherever bit 1 or 2 was.
    """
    part = parts["part"].to_numpy()
    seen = part & (splitting.TRAIN | splitting.VALIDATION) > 0
    kept = part & ~np.uint8(splitting.VALIDATION)
    return pd.DataFrame({"part": np.where(seen, kept | splitting.TRAIN, kept).astype(np.uint8)})


def deal_validation(train_arrays: Arrays, validation_arrays: Arrays, preparation: AnyPreparation) -> Splits:
    """Train on the training rows, judge by the validation rows."""
    return [(train_arrays, validation_arrays, preparation)]


def name_target(target: str, task: str) -> Block:
    """Put together what says which column is learnt, and how."""
    return {"target": target, "task": task}


def deal_rows(
    feature_table: pd.DataFrame, parts: pd.DataFrame, count: int, duplicates: str, split: Block
) -> pd.DataFrame:
    """Deal all rows outside the test into folds; see `folds.assign_folds`."""
    folds = {"count": count, "repeats": 1, "of": "training"}
    return assign_folds(feature_table, add_validation(parts), folds, duplicates, split)


def prepare_folds(
    feature_table: pd.DataFrame, dealt: pd.DataFrame, preparation: AnyPreparation, settings: Block, labels: Block
) -> Splits:
    """Prepare each fold by what the other folds show."""
    from casebook.learning.folds import list_folds, prepare_fold

    names, target = preparation.column_names, labels["target"]
    table = feature_table.iloc[dealt["row"].to_numpy()][[*names, target]].reset_index(drop=True)
    return [
        prepare_fold(table, judged, lambda rows: fit_features(rows[names], settings), target, labels["task"])
        for _, _, judged in list_folds(dealt[["repeat_1"]].to_numpy())
    ]


def deal_test(train_arrays: Arrays, test_arrays: Arrays, preparation: AnyPreparation) -> Splits:
    """Train on all rows outside the test, judge by the test rows: what the winner is told at the end."""
    return [(train_arrays, test_arrays, preparation)]


def search_variants(
    study: Study, train_arrays: Arrays, validation_arrays: Arrays, preparation: AnyPreparation
) -> tuple[Block, pd.DataFrame, dict[str, Any], str]:
    """Search; the prepared rows are handed to all workers.

    Returns:
        The winner, a row a trial with the best first, figures by file name, and a page with all of them.
    """
    return study.search(deal_validation(train_arrays, validation_arrays, preparation))


def judge_winner(study: Study, winner: Block) -> tuple[Any, AnyPreparation, dict[str, float]]:
    """Train winner and default on all rows outside the test, from several seeds, and read the test rows.

    Returns:
        The winner's first network, its preparation, and mean and spread of each metric of winner, default and baseline.
    """
    return study.judge(winner)
