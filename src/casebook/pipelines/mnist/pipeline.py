"""MNIST's graph: its own ingestion and figures around the shared stages."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.mnist import figures, nodes
from casebook.pipelines.mnist.columns import FEATURE_SOURCES
from casebook.pipelines.mnist.features import engineer_features
from casebook.stages import create_modelling_pipeline, stage


def create_pipeline() -> Pipeline:
    """Wire the whole case, under the namespace `mnist`."""
    own = Pipeline(
        [
            stage("ingestion", nodes.ingest_digits, ["raw_digits"], "joined_rows"),
            stage(
                "profile",
                figures.profile_digits,
                ["joined_rows"],
                [
                    "digits_profile_page",
                    "digits_profile_columns",
                    "digits_profile_categories",
                    "digits_profile_figures",
                    "digits_profile_tables",
                ],
                background=True,
            ),
            stage(
                "figures",
                figures.draw_mistakes,
                ["test_predictions", "feature_table", "split_assignment"],
                ["own_figures", "own_tables"],
                background=True,
            ),
        ]
    )
    return Pipeline(own + create_modelling_pipeline(engineer_features, FEATURE_SOURCES, "image"), namespace="mnist")
