"""The stages that every case shares: split, prepare, train, evaluate, package."""

from casebook.stages.graph import create_modelling_pipeline, create_profile_pipeline
from casebook.stages.study_splits import create_study_splits_pipeline
from casebook.stages.tagged_nodes import BACKGROUND, CACHED, STUDY, stage

__all__ = [
    "BACKGROUND",
    "CACHED",
    "STUDY",
    "create_modelling_pipeline",
    "create_profile_pipeline",
    "create_study_splits_pipeline",
    "stage",
]
