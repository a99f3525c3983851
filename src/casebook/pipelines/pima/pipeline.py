"""Pima's graph: its own ingestion and features before the shared stages."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.pima import nodes
from casebook.pipelines.pima.columns import FEATURE_SOURCES
from casebook.pipelines.pima.features import engineer_features
from casebook.stages import create_modelling_pipeline, create_profile_pipeline, stage


def create_pipeline() -> Pipeline:
    """Wire the whole case, under the namespace `pima`."""
    own = Pipeline(
        [
            stage("ingestion", nodes.ingest_patients, ["raw_patients", "params:labels"], "joined_rows"),
        ]
    )
    profile = create_profile_pipeline("joined_rows")
    return Pipeline(own + profile + create_modelling_pipeline(engineer_features, FEATURE_SOURCES), namespace="pima")
