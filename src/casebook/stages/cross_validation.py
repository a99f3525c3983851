"""Nodes of cross-validation, which goes beside a run where folds are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.config import schema
from casebook.data import splitting
from casebook.data.folds import assign_split_folds
from casebook.preprocessing.arrays import Labels
from casebook.preprocessing.target_statistics import KnownTargets, key_columns
from casebook.stages.nodes import fit_features, fit_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.preprocessing.modality import Preprocessor
    from casebook.training.cross_validation import FoldMonitor

Block = dict[str, Any]


def assign_folds(
    feature_table: pd.DataFrame,
    split_assignment: pd.DataFrame,
    folds: Block,
    duplicates: str,
    split: Block,
    target: str,
    task: str,
) -> pd.DataFrame:
    """Assign the training rows, or all, to folds; see `folds.assign_split_folds`.

    Returns:
        `row` (position in the feature table) and the fold of each repeat; no rows when no folds are asked for.
    """
    settings = schema.FoldsParameters.model_validate(folds)
    if not settings.count:
        return pd.DataFrame({"row": np.empty(0, dtype=np.int64)})
    part = split_assignment["part"].to_numpy()
    used = sum(splitting.PARTS.values()) if settings.of == "all" else splitting.TRAIN
    rows = np.flatnonzero(part & used > 0)
    table = feature_table.iloc[rows]
    labels = None if task == "regression" else table[target].to_numpy()
    dealing = schema.SplitParameters.model_validate(split)
    dealt = assign_split_folds(table, settings.count, settings.repeats, dealing, duplicates, labels)
    return pd.DataFrame({"row": rows, **{f"repeat_{n + 1}": dealt[:, n] for n in range(dealt.shape[1])}})


def gather_fold_settings(
    preprocessing: Block,
    training: Block,
    target: str,
    task: str,
    evaluation: Block,
    reference: Block,
    weight: str = "",
) -> Block:
    """Collect the settings of a fold's preprocessing, training, boosted trees and scoring."""
    return {
        "preprocessing": preprocessing,
        "training": training,
        "labels": Labels(target, task, weight),
        "evaluation": evaluation,
        "reference": reference,
    }


def prepare_refits(
    rows: pd.DataFrame, preprocessor: Preprocessor, preprocessing: Block, labels: Labels
) -> tuple[pd.DataFrame, Callable[[pd.DataFrame], Preprocessor]]:
    """Return the columns of rows that a fold needs, and what fits a preprocessor like the given one on some of them."""
    names, keys = preprocessor.column_names, key_columns(preprocessor)
    key = keys[0] if keys else ""

    def fit(some: pd.DataFrame) -> Preprocessor:
        return fit_features(some[names], preprocessing, KnownTargets.of(some, labels.target, key))

    return rows[list(dict.fromkeys([*names, *labels.columns, *keys]))].reset_index(drop=True), fit


def cross_validate(
    feature_table: pd.DataFrame,
    fold_assignments: pd.DataFrame,
    preprocessor: Preprocessor,
    fold_settings: Block,
    fold_monitor: FoldMonitor,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Train and score once a fold, each with a preprocessor of its own, in a child run of its own.

    Returns:
        A row a fold with its scores and the baseline's, and mean, variance and deviation of each over the folds.
    """
    if fold_assignments.empty:
        return pd.DataFrame({"repeat": [], "fold": [], "rows": []}), {}
    from casebook.evaluation.thresholds import ThresholdRule
    from casebook.training import cross_validation as library

    labels = fold_settings["labels"]
    table, fit = prepare_refits(
        feature_table.iloc[fold_assignments["row"].to_numpy()], preprocessor, fold_settings["preprocessing"], labels
    )
    scores = library.cross_validate(
        table,
        fold_assignments.drop(columns="row").to_numpy(),
        fit,
        labels,
        schema.TrainingParameters.model_validate(fold_settings["training"]),
        ThresholdRule.of(fold_settings["evaluation"]),
        fold_monitor,
        lambda split: fit_reference(*split, {**fold_settings["reference"], "refit": False}),
    )
    return scores, library.summarise_folds(scores)
