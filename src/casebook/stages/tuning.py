"""Nodes of a study: splits for its trials and its winner, the search, and the final evaluation on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from casebook.data import splitting
from casebook.data.folds import list_folds
from casebook.preprocessing.arrays import Labels
from casebook.stages.cross_validation import assign_folds, prepare_refits

if TYPE_CHECKING:
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays

Block = dict[str, Any]
# Rows to train on, rows to judge by, and what both were prepared with; `training.cross_validation.Split` in a trial.
Splits = list[tuple["Arrays", "Arrays", "Preprocessor"]]


class Study(Protocol):
    """Interface of a study session: runs the search and evaluates the winner."""

    def search(self, splits: Splits) -> tuple[Block, pd.DataFrame, dict[str, Any], str]:
        """Search until the budget is used up; see `search_variants`."""

    def evaluate(self, winner: Block) -> tuple[Any, Preprocessor, float, dict[str, float], pd.DataFrame]:
        """Evaluate the winner; see `evaluate_winner`.

        Returns:
            The winner's first network, its preprocessor and threshold, the metrics, and its predictions.
        """


def include_validation_rows(split_assignment: pd.DataFrame) -> pd.DataFrame:
    """Mark validation rows as training rows.

    Returns:
        `part` with bit 1 wherever bit 1 or 2 was.
    """
    part = split_assignment["part"].to_numpy()
    seen = part & (splitting.TRAIN | splitting.VALIDATION) > 0
    kept = part & ~np.uint8(splitting.VALIDATION)
    return pd.DataFrame({"part": np.where(seen, kept | splitting.TRAIN, kept).astype(np.uint8)})


def make_validation_split(train_arrays: Arrays, validation_arrays: Arrays, preprocessor: Preprocessor) -> Splits:
    """Build the split of training and validation rows."""
    return [(train_arrays, validation_arrays, preprocessor)]


def gather_labels(target: str, task: str, weight: str = "") -> Labels:
    """Collect the columns of target and weights, and the task."""
    return Labels(target, task, weight)


def assign_study_folds(
    feature_table: pd.DataFrame,
    split_assignment: pd.DataFrame,
    count: int,
    duplicates: str,
    split: Block,
    target: str,
    task: str,
) -> pd.DataFrame:
    """Assign all rows outside the test to folds; see `stages.cross_validation.assign_folds`."""
    folds = {"count": count, "repeats": 1, "of": "training"}
    return assign_folds(
        feature_table, include_validation_rows(split_assignment), folds, duplicates, split, target, task
    )


def prepare_folds(
    feature_table: pd.DataFrame, study_folds: pd.DataFrame, preprocessor: Preprocessor, settings: Block, labels: Labels
) -> Splits:
    """Prepare each fold with a preprocessor fitted on the other folds."""
    from casebook.training.cross_validation import prepare_fold

    table, refit = prepare_refits(feature_table.iloc[study_folds["row"].to_numpy()], preprocessor, settings, labels)
    return [prepare_fold(table, fold, refit, labels) for fold in list_folds(study_folds[["repeat_1"]].to_numpy())]


def make_test_split(train_arrays: Arrays, test_arrays: Arrays, preprocessor: Preprocessor) -> Splits:
    """Build the split of all rows outside the test and the test rows, for the final evaluation."""
    return [(train_arrays, test_arrays, preprocessor)]


def search_variants(
    study: Study, train_arrays: Arrays, validation_arrays: Arrays, preprocessor: Preprocessor
) -> tuple[Block, pd.DataFrame, dict[str, Any], str]:
    """Search hyperparameters; all workers read the prepared rows.

    Returns:
        The winner, a row a trial with the best first, figures by file name, and a page with all of them.
    """
    return study.search(make_validation_split(train_arrays, validation_arrays, preprocessor))


def evaluate_winner(study: Study, winner: Block) -> tuple[Any, Preprocessor, float, dict[str, float], pd.DataFrame]:
    """Train winner and default on all rows outside the test, from several seeds, and score them on the test rows.

    Returns:
        The winner's first network, its preprocessor and threshold; mean and spread of each metric of winner, default
        and baseline; that network's predictions of the test rows.
    """
    return study.evaluate(winner)
