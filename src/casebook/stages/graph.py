"""Wiring of the shared stages; a case puts its own nodes before them and gives the whole its namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from kedro.pipeline import Pipeline

from casebook.stages import cross_validation, evaluation, nodes, promotion, reporting, tuning
from casebook.stages.row_features import RowFeatures, bind
from casebook.stages.tagged_nodes import STUDY, TRAINING_SESSION, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kedro.pipeline import Node

    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.stages.row_features import Engineer

Inputs = Literal["columns", "image", "text"]
PARTS = ("train", "validation", "test")
# What the fitting of a preprocessor takes of features.
FITTING = ("feature_sources", "row_schema")


def create_profile_pipeline(*tables: str) -> Pipeline:
    """Profile each named table."""
    return Pipeline(
        [
            stage(
                "profile",
                bind(nodes.profile_table, name=table),
                [table, "params:target"],
                [f"{table}_profile_page", f"{table}_profile_columns", f"{table}_profile_categories"],
                name=f"profile_{table}",
                background=True,
            )
            for table in tables
        ]
    )


def create_modelling_pipeline(
    engineer: Engineer | None = None,
    sources: FeatureSources | None = None,
    inputs: Inputs = "columns",
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Pipeline:
    """Wire features -> split -> prepare -> train -> evaluate -> package.

    Inputs: `joined_rows` (typed raw rows), `training_callbacks`, `training_session`, `fold_monitor` and the case's
    parameters.

    Args:
        engineer: computes the feature table of raw rows, row by row; none where the dataset `row_schema` does.
        sources: of each feature all raw columns that it is made of; none as well.
        inputs: what the network takes; the reference of texts reads them whole instead of prepared.
        functions: row functions that a declared case registers itself.
    """
    reference_rows = "texts" if inputs == "text" else "arrays"
    reference = _taking_texts() if inputs == "text" else []
    features = RowFeatures(engineer, sources, functions or {})
    own = stage("features", engineer, ["joined_rows"], "feature_table") if engineer else stage(
        "features", *features.bind(nodes.engineer_features, ["joined_rows"], "engineer"), "feature_table"
    )  # fmt: skip
    return Pipeline(
        [
            own,
            *_preparing(features),
            *reference,
            *_training(reference_rows),
            *_evaluating(reference_rows, features),
            *_reporting(features),
            *_folding(),
            *_packaging(features),
            *_searching(features),
        ]
    )


def _preparing(features: RowFeatures) -> list[Node]:
    table_and_parts = ["feature_table", "split_assignment"]
    fitting = features.bind(
        nodes.fit_preprocessor_on_training,
        [*table_and_parts, "params:preprocessing", "params:leaks", "params:split", "params:target"],
        *FITTING,
    )
    labels = ["params:target", "params:task"]
    return [
        stage(
            "splitting",
            nodes.assign_splits,
            ["feature_table", "params:split", "params:duplicates", *labels],
            "initial_split",
        ),
        stage(
            "splitting",
            promotion.hold_out_promotion_rows,
            ["initial_split", "joined_rows", "params:split", "params:promotion", "params:target"],
            "split_assignment",
        ),
        stage("preprocessing", *fitting, "preprocessor", name="fit_preprocessor"),
        stage(
            "preprocessing",
            nodes.apply_preprocessor,
            [*table_and_parts, "preprocessor", *labels, "params:weight"],
            [f"{part}_arrays" for part in PARTS],
        ),
        stage("splitting", nodes.describe_split, [*table_and_parts, "preprocessor", "params:split"], "split_metrics"),
    ]


def _taking_texts() -> list[Node]:
    inputs = ["feature_table", "split_assignment", "preprocessor", "params:target", "params:task", "params:weight"]
    return [stage("reference", nodes.select_texts, inputs, [f"{part}_texts" for part in PARTS])]


def _training(reference_rows: str) -> list[Node]:
    arrays = ["train_arrays", "validation_arrays", "preprocessor"]
    settings = ["params:training", "params:study", "params:reference"]
    trained = [*arrays, *settings, "training_callbacks", TRAINING_SESSION]
    rows = [f"train_{reference_rows}", f"validation_{reference_rows}", "preprocessor", "params:reference"]
    return [
        stage("training", nodes.train_network, trained, ["network", "history"]),
        stage("reference", nodes.fit_reference, rows, "reference_model", background=True, kept=True),
    ]


def _evaluating(reference_rows: str, features: RowFeatures) -> list[Node]:
    ranking = features.bind(
        evaluation.rank_raw_columns,
        ["network", "test_arrays", "preprocessor", "joined_rows", "split_assignment", "params:evaluation"],
        "engineer",
        "feature_sources",
        "row_schema",
    )
    head = features.bind(evaluation.select_head, ["test_predictions", "params:evaluation", "threshold"], "row_schema")
    predictions = ["test_predictions", "reference_predictions"]
    settings = ["params:task", "params:evaluation"]
    scored = [*predictions, "train_arrays", "params:evaluation", "threshold", "reference_threshold"]
    fitted = ["network", "train_arrays", "params:task", "threshold"]
    tested_networks = ["network", "test_arrays", "params:task", "threshold"]
    drawn = [*predictions, "history", "importance", "threshold"]
    tested = ["reference_model", f"test_{reference_rows}", "params:task"]
    judged = ["reference_model", f"validation_{reference_rows}", *settings]
    return [
        stage("evaluation", evaluation.predict_test, ["network", "test_arrays", "params:task"], "test_predictions"),
        stage("reference", evaluation.predict_with_reference, tested, "reference_predictions", background=True),
        stage("evaluation", evaluation.choose_threshold, ["network", "validation_arrays", *settings], "threshold"),
        stage("reference", evaluation.choose_reference_threshold, judged, "reference_threshold", background=True),
        stage("evaluation", evaluation.score_test, scored, "test_metrics"),
        stage("evaluation", evaluation.score_training, fitted, "fit_metrics"),
        stage("evaluation", evaluation.score_networks, tested_networks, "networks_metrics"),
        stage("evaluation", *ranking, "importance"),
        stage("figures", evaluation.draw_evaluation, drawn, ["figures", "figure_tables"], background=True),
        stage("evaluation", *head, "test_head"),
    ]


def _reporting(features: RowFeatures) -> list[Node]:
    split = ["feature_table", "split_assignment", "params:split", "params:duplicates"]
    predictions = ["test_predictions", "reference_predictions", "test_keys", "threshold", "reference_threshold"]
    selected = ["joined_rows", "split_assignment", "test_predictions", "importance", "params:target"]
    shown = ["test_predictions", "test_rows", "test_keys", "history", "importance", "threshold"]
    tables = features.bind(reporting.tabulate_report, shown, "row_schema")
    intervals = ["interval_metrics", "score_intervals"]
    return [
        stage("splitting", reporting.number_test_rows, split, "test_keys"),
        stage("evaluation", reporting.measure_intervals, predictions, intervals, background=True),
        stage("report", reporting.select_test_rows, selected, "test_rows"),
        stage("report", *tables, "report_tables", background=True),
    ]


def _folding() -> list[Node]:
    said = ("folds", "duplicates", "split", "target", "task")
    dealing = ["feature_table", "split_assignment", *(f"params:{name}" for name in said)]
    blocks = ("preprocessing", "training", "target", "task", "evaluation", "reference", "weight")
    settings = [f"params:{name}" for name in blocks]
    return [
        stage("folds", cross_validation.assign_folds, dealing, "fold_assignments"),
        stage("folds", cross_validation.gather_fold_settings, settings, "fold_settings"),
        stage(
            "folds",
            cross_validation.cross_validate,
            ["feature_table", "fold_assignments", "preprocessor", "fold_settings", "fold_monitor"],
            ["fold_scores", "fold_metrics"],
        ),
    ]


def _searching(features: RowFeatures) -> list[Node]:
    # The winner may use other features than the default, and then needs other raw columns.
    example = features.bind(nodes.select_example_rows, ["joined_rows", "winner_preprocessor"], "feature_sources")
    packaged = ["winner_network", "winner_preprocessor", "winner_example_rows", "params:task", "winner_threshold"]
    packaged += _histories(features)
    packaging = features.bind(nodes.package_model, packaged, "row_schema")
    return [
        stage(
            STUDY,
            tuning.search_variants,
            ["study", "train_arrays", "validation_arrays", "preprocessor"],
            ["winner", "trials", "study_figures", "study_page"],
        ),
        stage(
            STUDY,
            tuning.evaluate_winner,
            ["study", "winner"],
            ["winner_network", "winner_preprocessor", "winner_threshold", "winner_metrics", "winner_predictions"],
        ),
        stage(
            STUDY,
            reporting.measure_winner_intervals,
            ["winner_predictions", "test_keys", "winner_threshold"],
            "winner_intervals",
        ),
        stage(STUDY, *example, "winner_example_rows", name="select_winner_example"),
        stage(STUDY, *packaging, "winner_model", name="package_winner"),
    ]


def _histories(features: RowFeatures) -> list[str]:
    """Name what lags look back at; features of a case in Python are of one row alone."""
    return ["history_arrays"] if features.feature_sources is None else []


def _packaging(features: RowFeatures) -> list[Node]:
    packaged = ["network", "preprocessor", "example_rows", "params:task", "threshold", *_histories(features)]
    keeping = features.bind(nodes.keep_history, ["joined_rows"], "row_schema")
    profiled = ["joined_rows", "feature_table", "split_assignment", "preprocessor", "network", "params:training"]
    example = features.bind(nodes.select_example_rows, ["joined_rows", "preprocessor"], "feature_sources")
    return [
        *(stage("packaging", *keeping, name) for name in _histories(features)),
        stage("packaging", *example, "example_rows"),
        stage(
            "packaging",
            *features.bind(
                promotion.select_promotion_rows, ["joined_rows", "split_assignment", "params:target"], "row_schema"
            ),
            "promotion_rows",
        ),
        stage("packaging", *features.bind(promotion.profile_training, profiled, "row_schema"), "training_profile"),
        stage("packaging", *features.bind(nodes.package_model, packaged, "row_schema"), "model"),
    ]
