"""Red Hat's graph: its own ingestion, merging and features before the shared stages."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.redhat import nodes
from casebook.pipelines.redhat.columns import FEATURE_SOURCES
from casebook.pipelines.redhat.features import engineer_features
from casebook.stages import create_modelling_pipeline, create_profile_pipeline, stage


def create_pipeline() -> Pipeline:
    """Wire the whole case, under the namespace `redhat`."""
    own = Pipeline(
        [
            stage("ingestion", nodes.ingest_activities, ["raw_activities", "params:labels"], "activities"),
            stage("ingestion", nodes.ingest_people, ["raw_people"], "people"),
            stage(
                "merging",
                nodes.merge_people,
                ["activities", "people", "params:unknown_people"],
                ["joined_rows", "merge_metrics"],
            ),
        ]
    )
    profile = create_profile_pipeline("activities", "people")
    return Pipeline(own + profile + create_modelling_pipeline(engineer_features, FEATURE_SOURCES), namespace="redhat")
