"""Wiring of the shared stages; a case puts its own nodes before them and gives the whole its namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro.pipeline import Node, Pipeline, node

from casebook.modelling import nodes

if TYPE_CHECKING:
    from collections.abc import Callable


def stage(
    tag: str, function: Callable[..., Any], inputs: list[str] | None, outputs: str | list[str], name: str | None = None
) -> Node:
    """Make a node that is called after its function and tagged with its one stage.

    Args:
        tag: the stage, for `--tags` and the seconds in the summary.
        function: a pure function.
        inputs: dataset names, parameters as `params:<block>`.
        outputs: dataset names.
        name: where the function's own name does not say it.
    """
    return node(function, inputs, outputs, name=name or function.__name__, tags=tag)


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
            )
            for table in tables
        ]
    )


def create_modelling_pipeline() -> Pipeline:
    """Wire split -> prepare -> train -> evaluate -> package.

    Inputs: `feature_table`, `joined_rows` (raw rows, for the model's example), `feature_sources`, `monitor` and the
    case's parameters.
    """
    return Pipeline([*_preparing(), *_training(), *_evaluating(), *_packaging()])


def _preparing() -> list[Node]:
    table_and_parts = ["feature_table", "parts"]
    arrays = ["train_arrays", "validation_arrays", "test_arrays"]
    return [
        stage("splitting", nodes.assign_parts, ["feature_table", "params:split", "params:target"], "parts"),
        stage(
            "scaling",
            nodes.fit_preparation_on_training,
            [*table_and_parts, "params:preparation", "params:target"],
            "preparation",
            name="fit_preparation",
        ),
        stage("scaling", nodes.apply_preparation, [*table_and_parts, "preparation", "params:target"], arrays),
        stage("splitting", nodes.describe_split, [*table_and_parts, "preparation", "params:split"], "split_metrics"),
    ]


def _training() -> list[Node]:
    arrays = ["train_arrays", "validation_arrays", "preparation"]
    return [
        stage("training", nodes.train_network, [*arrays, "params:training", "monitor"], ["network", "history"]),
        stage("reference", nodes.fit_reference, [*arrays, "params:reference"], "reference_model"),
    ]


def _evaluating() -> list[Node]:
    predictions = ["test_predictions", "reference_predictions"]
    return [
        stage("evaluation", nodes.predict_test, ["network", "test_arrays"], "test_predictions"),
        stage("reference", nodes.predict_with_reference, ["reference_model", "test_arrays"], "reference_predictions"),
        stage(
            "evaluation",
            nodes.score_test,
            [*predictions, "train_arrays", "params:task", "params:evaluation"],
            "test_metrics",
        ),
        stage(
            "evaluation",
            nodes.rank_raw_columns,
            ["network", "test_arrays", "preparation", "feature_sources", "params:evaluation"],
            "importance",
        ),
        stage(
            "evaluation",
            nodes.draw_evaluation,
            [*predictions, "history", "importance", "params:evaluation"],
            ["figures", "figure_tables", "test_head"],
        ),
    ]


def _packaging() -> list[Node]:
    inputs = ["network", "preparation", "example_rows", "params:evaluation"]
    return [
        stage("merging", nodes.take_example, ["joined_rows", "params:target"], "example_rows"),
        stage("packaging", nodes.package_model, inputs, "model"),
    ]
