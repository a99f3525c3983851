"""The stages that every case shares: split, prepare, train, evaluate, package."""

from casebook.modelling.pipeline import (
    BESIDE,
    STUDY,
    create_dealing_pipeline,
    create_modelling_pipeline,
    create_profile_pipeline,
    stage,
)

__all__ = [
    "BESIDE",
    "STUDY",
    "create_dealing_pipeline",
    "create_modelling_pipeline",
    "create_profile_pipeline",
    "stage",
]
