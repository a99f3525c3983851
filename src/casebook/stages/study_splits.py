"""Wiring of a study's splits: the rows that its trials, folds and final evaluation are trained and scored on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedro.pipeline import Pipeline

from casebook.stages import nodes, tuning
from casebook.stages.graph import FITTING, PARTS
from casebook.stages.row_features import RowFeatures
from casebook.stages.tagged_nodes import STUDY, stage

if TYPE_CHECKING:
    from casebook.preprocessing.feature_functions import FeatureSources


def create_study_splits_pipeline(sources: FeatureSources | None) -> Pipeline:
    """Wire the splits of a study: what it computes anew for each distinct preprocessing.

    Outputs: `validation_splits`, `fold_splits` and `test_splits`, see `stages.tuning.Splits`.

    Args:
        sources: of each feature all raw columns that it is made of; None where the dataset `row_schema` holds them.
    """
    labels = ["params:target", "params:task", "params:weight"]
    fitting = RowFeatures(None, sources).bind(
        nodes.fit_preprocessor_on_training,
        ["feature_table", "full_split", "params:preprocessing", "params:leaks", "params:split", "params:target"],
        *FITTING,
    )
    applying = ["feature_table", "full_split", "full_preprocessor", *labels]
    said = ("study.folds", "duplicates", "split", "target", "task")
    folding = ["feature_table", "split_assignment", *(f"params:{name}" for name in said)]
    prepared = ["train_arrays", "validation_arrays", "preprocessor"]
    full = [f"full_{part}_arrays" for part in PARTS]
    return Pipeline(
        [
            stage(STUDY, tuning.make_validation_split, prepared, "validation_splits"),
            stage(STUDY, tuning.gather_labels, labels, "labels"),
            stage(STUDY, tuning.assign_study_folds, folding, "study_folds"),
            stage(
                STUDY,
                tuning.prepare_folds,
                ["feature_table", "study_folds", "preprocessor", "params:preprocessing", "labels"],
                "fold_splits",
            ),
            stage(STUDY, tuning.include_validation_rows, ["split_assignment"], "full_split"),
            stage(STUDY, *fitting, "full_preprocessor", name="fit_full_preprocessor"),
            stage(STUDY, nodes.apply_preprocessor, applying, full, name="apply_full_preprocessor"),
            stage(STUDY, tuning.make_test_split, [full[0], full[2], "full_preprocessor"], "test_splits"),
        ]
    )
