"""Rossmann's graph: its own ingestion, merging and features before the shared stages, its own figures behind them."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.rossmann import nodes
from casebook.pipelines.rossmann.columns import FEATURE_SOURCES
from casebook.pipelines.rossmann.features import engineer_features
from casebook.pipelines.rossmann.figures import draw_sales
from casebook.stages import create_modelling_pipeline, create_profile_pipeline, stage


def create_pipeline() -> Pipeline:
    """Wire the whole case, under the namespace `rossmann`."""
    own = Pipeline(
        [
            stage("ingestion", nodes.ingest_days, ["raw_days"], "days"),
            stage("ingestion", nodes.ingest_stores, ["raw_stores"], "stores"),
            stage(
                "merging",
                nodes.merge_stores,
                ["days", "stores", "params:unknown_stores"],
                ["joined_rows", "merge_metrics"],
            ),
            stage(
                "figures",
                draw_sales,
                ["test_predictions", "feature_table", "split_assignment"],
                ["own_figures", "own_tables"],
                background=True,
            ),
        ]
    )
    profile = create_profile_pipeline("days", "stores")
    return Pipeline(own + profile + create_modelling_pipeline(engineer_features, FEATURE_SOURCES), namespace="rossmann")
