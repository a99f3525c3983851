"""Attrition's graph: its own ingestion and features before the shared stages."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.attrition import nodes
from casebook.pipelines.attrition.columns import FEATURE_SOURCES
from casebook.pipelines.attrition.features import engineer_features
from casebook.stages import create_modelling_pipeline, create_profile_pipeline, stage


def create_pipeline() -> Pipeline:
    """Wire the whole case, under the namespace `attrition`."""
    own = Pipeline(
        [
            stage("ingestion", nodes.ingest_employees, ["raw_employees", "params:labels"], "employees"),
            stage("merging", nodes.present_rows, ["employees"], "joined_rows"),
        ]
    )
    profile = create_profile_pipeline("employees")
    return Pipeline(
        own + profile + create_modelling_pipeline(engineer_features, FEATURE_SOURCES), namespace="attrition"
    )
