"""Wiring of the shared stages; a case puts its own nodes before them and gives the whole its namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from kedro.pipeline import Node, Pipeline, node

from casebook.modelling import champions, evaluation, folds, nodes, study

if TYPE_CHECKING:
    from collections.abc import Callable

Inputs = Literal["columns", "image", "text"]
PARTS = ("train", "validation", "test")
# Tag of the nodes that only a study runs.
STUDY = "study"
# Tag of the nodes that may run in another process while the network is trained; see `casebook.beside`.
BESIDE = "beside"
# Tag of those among them whose outputs later runs of the same inputs, settings and code take over.
KEPT = "kept"


def stage(
    tag: str,
    function: Callable[..., Any],
    inputs: list[str] | None,
    outputs: str | list[str] | None,
    name: str | None = None,
    beside: bool = False,
    kept: bool = False,
) -> Node:
    """Make a node that is called after its function and tagged with its one stage.

    Args:
        tag: the stage, for `--tags` and the seconds in the summary.
        function: a pure function.
        inputs: dataset names, parameters as `params:<block>`.
        outputs: dataset names.
        name: where the function's own name does not say it.
        beside: whether it may run in another process while the network is trained; see `casebook.beside`.
        kept: whether later runs take over what it made there of the same inputs, settings and code.
    """
    tags = [tag, *([BESIDE] if beside else []), *([KEPT] if kept else [])]
    return node(function, inputs, outputs, name=name or function.__name__, tags=tags)


def create_profile_pipeline(*tables: str) -> Pipeline:
    """Profile each named table."""
    return Pipeline(
        [
            stage(
                "profile",
                nodes.profile_table,
                [table, "params:target"],
                [f"{table}_profile_figures", f"{table}_profile_tables"],
                name=f"profile_{table}",
                beside=True,
            )
            for table in tables
        ]
    )


def create_modelling_pipeline(inputs: Inputs = "columns") -> Pipeline:
    """Wire split -> prepare -> train -> evaluate -> package.

    Inputs: `feature_table`, `joined_rows` (raw rows, for the model's example), `feature_sources`, `monitor`,
    `fold_monitor` and the case's parameters.

    Args:
        inputs: what the network takes; the rival of texts reads them whole instead of prepared.
    """
    rival_rows = "texts" if inputs == "text" else "arrays"
    rival = _taking_texts() if inputs == "text" else []
    return Pipeline(
        [
            *_preparing(),
            *rival,
            *_training(rival_rows),
            *_evaluating(rival_rows),
            *_folding(),
            *_packaging(),
            *_searching(),
        ]
    )


def create_dealing_pipeline() -> Pipeline:
    """Wire how rows are dealt out to trials: what a study runs anew for each distinct preparation.

    Outputs: `validation_splits`, `fold_splits` and `test_splits`, see `modelling.study.Splits`.
    """
    labels = ["params:target", "params:task"]
    fitting = ["feature_table", "all_parts", "feature_sources", "params:preparation", "params:leaks"]
    applying = ["feature_table", "all_parts", "whole_preparation", *labels]
    dealing = ["feature_table", "parts", "params:study.folds", "params:duplicates", "params:split"]
    prepared = ["train_arrays", "validation_arrays", "preparation"]
    whole = [f"whole_{part}_arrays" for part in PARTS]
    return Pipeline(
        [
            stage(STUDY, study.deal_validation, prepared, "validation_splits"),
            stage(STUDY, study.name_target, labels, "labels"),
            stage(STUDY, study.deal_rows, dealing, "dealt"),
            stage(
                STUDY,
                study.prepare_folds,
                ["feature_table", "dealt", "preparation", "params:preparation", "labels"],
                "fold_splits",
            ),
            stage(STUDY, study.add_validation, ["parts"], "all_parts"),
            stage(STUDY, nodes.fit_preparation_on_training, fitting, "whole_preparation", name="fit_whole"),
            stage(STUDY, nodes.apply_preparation, applying, whole, name="apply_whole"),
            stage(STUDY, study.deal_test, [whole[0], whole[2], "whole_preparation"], "test_splits"),
        ]
    )


def _preparing() -> list[Node]:
    table_and_parts = ["feature_table", "parts"]
    labels = ["params:target", "params:task"]
    return [
        stage(
            "splitting",
            nodes.assign_parts,
            ["feature_table", "params:split", "params:duplicates", *labels],
            "dealt_parts",
        ),
        stage(
            "splitting",
            champions.hold_back_promotion,
            ["dealt_parts", "joined_rows", "params:split", "params:promotion", "params:target"],
            "parts",
        ),
        stage(
            "scaling",
            nodes.fit_preparation_on_training,
            [*table_and_parts, "feature_sources", "params:preparation", "params:leaks"],
            "preparation",
            name="fit_preparation",
        ),
        stage(
            "scaling",
            nodes.apply_preparation,
            [*table_and_parts, "preparation", *labels],
            [f"{part}_arrays" for part in PARTS],
        ),
        stage("splitting", nodes.describe_split, [*table_and_parts, "preparation", "params:split"], "split_metrics"),
    ]


def _taking_texts() -> list[Node]:
    inputs = ["feature_table", "parts", "preparation", "params:target"]
    return [stage("reference", nodes.take_texts, inputs, [f"{part}_texts" for part in PARTS])]


def _training(rival_rows: str) -> list[Node]:
    arrays = ["train_arrays", "validation_arrays", "preparation"]
    rows = [f"train_{rival_rows}", f"validation_{rival_rows}", "preparation"]
    return [
        stage("training", nodes.train_network, [*arrays, "params:training", "monitor"], ["network", "history"]),
        stage(
            "reference",
            nodes.fit_reference,
            [*rows, "params:reference"],
            "reference_model",
            beside=True,
            kept=True,
        ),
    ]


def _evaluating(rival_rows: str) -> list[Node]:
    predictions = ["test_predictions", "reference_predictions"]
    settings = ["params:task", "params:evaluation"]
    return [
        stage("evaluation", evaluation.predict_test, ["network", "test_arrays", "params:task"], "test_predictions"),
        stage(
            "reference",
            evaluation.predict_with_reference,
            ["reference_model", f"test_{rival_rows}", "params:task"],
            "reference_predictions",
            beside=True,
        ),
        stage("evaluation", evaluation.score_test, [*predictions, "train_arrays", "params:evaluation"], "test_metrics"),
        stage("evaluation", evaluation.score_training, ["network", "train_arrays", *settings], "fit_metrics"),
        stage(
            "evaluation",
            evaluation.rank_raw_columns,
            ["network", "test_arrays", "preparation", "feature_sources", "params:evaluation"],
            "importance",
        ),
        stage(
            "figures",
            evaluation.draw_evaluation,
            [*predictions, "history", "importance", "params:evaluation"],
            ["figures", "figure_tables"],
            beside=True,
        ),
        stage("evaluation", evaluation.take_head, ["test_predictions", "params:evaluation"], "test_head"),
    ]


def _folding() -> list[Node]:
    dealing = ["feature_table", "parts", "params:folds", "params:duplicates", "params:split"]
    settings = ["params:preparation", "params:training", "params:target", "params:task", "params:evaluation"]
    return [
        stage("folds", folds.assign_folds, dealing, "fold_assignments"),
        stage("folds", folds.gather_fold_settings, settings, "fold_settings"),
        stage(
            "folds",
            folds.cross_validate,
            ["feature_table", "fold_assignments", "preparation", "fold_settings", "fold_monitor"],
            ["fold_scores", "fold_metrics"],
        ),
    ]


def _searching() -> list[Node]:
    packaged = ["winner_network", "winner_preparation", "example_rows", "params:task", "params:evaluation"]
    return [
        stage(
            STUDY,
            study.search_variants,
            ["study", "train_arrays", "validation_arrays", "preparation"],
            ["winner", "trials", "study_figures", "study_page"],
        ),
        stage(
            STUDY,
            study.judge_winner,
            ["study", "winner"],
            ["winner_network", "winner_preparation", "winner_metrics"],
        ),
        stage(STUDY, nodes.package_model, packaged, "winner_model", name="package_winner"),
    ]


def _packaging() -> list[Node]:
    inputs = ["network", "preparation", "example_rows", "params:task", "params:evaluation"]
    profiled = ["joined_rows", "feature_table", "parts", "preparation", "network", "params:training"]
    example = ["joined_rows", "params:target", "feature_sources", "preparation"]
    return [
        stage("packaging", nodes.take_example, example, "example_rows"),
        stage("packaging", champions.take_promotion_rows, ["joined_rows", "parts", "params:target"], "promotion_rows"),
        stage("packaging", champions.profile_training, profiled, "training_profile"),
        stage("packaging", nodes.package_model, inputs, "model"),
    ]
