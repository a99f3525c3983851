"""Deposit's graph: its own ingestion and features before the shared stages."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from casebook.pipelines.deposit import nodes
from casebook.pipelines.deposit.columns import FEATURE_SOURCES
from casebook.pipelines.deposit.features import engineer_features
from casebook.stages import create_modelling_pipeline, create_profile_pipeline, stage


def create_pipeline() -> Pipeline:
    """Wire the whole case, under the namespace `deposit`."""
    own = Pipeline(
        [
            stage("ingestion", nodes.ingest_clients, ["raw_clients", "params:labels"], "clients"),
            stage("merging", nodes.present_rows, ["clients"], "joined_rows"),
        ]
    )
    profile = create_profile_pipeline("clients")
    return Pipeline(own + profile + create_modelling_pipeline(engineer_features, FEATURE_SOURCES), namespace="deposit")
