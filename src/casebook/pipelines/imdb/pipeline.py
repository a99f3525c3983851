"""IMDB's graph: its own ingestion and looks around the shared stages."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.imdb import figures, nodes
from casebook.pipelines.imdb.columns import FEATURE_SOURCES
from casebook.pipelines.imdb.features import engineer_features
from casebook.stages import create_modelling_pipeline, stage


def create_pipeline() -> Pipeline:
    """Wire the whole case, under the namespace `imdb`."""
    own = Pipeline(
        [
            stage("ingestion", nodes.ingest_reviews, ["raw_train", "raw_test", "params:labels"], "joined_rows"),
            stage(
                "profile",
                figures.profile_reviews,
                ["joined_rows", "params:preprocessing"],
                [
                    "reviews_profile_page",
                    "reviews_profile_columns",
                    "reviews_profile_categories",
                    "reviews_profile_figures",
                    "reviews_profile_tables",
                ],
                beside=True,
            ),
            stage(
                "figures",
                figures.draw_mistakes,
                ["test_predictions", "feature_table", "split_assignment"],
                ["own_figures", "own_tables"],
                beside=True,
            ),
        ]
    )
    return Pipeline(own + create_modelling_pipeline(engineer_features, FEATURE_SOURCES, "text"), namespace="imdb")
