"""The stages that every case shares: split, prepare, train, evaluate, package."""

from casebook.stages.graph import (
    BACKGROUND,
    CACHED,
    STUDY,
    create_modelling_pipeline,
    create_profile_pipeline,
    stage,
)
from casebook.stages.study_splits import create_study_splits_pipeline

__all__ = [
    "BACKGROUND",
    "CACHED",
    "STUDY",
    "create_modelling_pipeline",
    "create_profile_pipeline",
    "create_study_splits_pipeline",
    "stage",
]
