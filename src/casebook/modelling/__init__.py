"""The stages that every case shares: split, prepare, train, evaluate, package."""

from casebook.modelling.pipeline import (
    BESIDE,
    KEPT,
    STUDY,
    create_dealing_pipeline,
    create_modelling_pipeline,
    create_profile_pipeline,
    stage,
)

__all__ = [
    "BESIDE",
    "KEPT",
    "STUDY",
    "create_dealing_pipeline",
    "create_modelling_pipeline",
    "create_profile_pipeline",
    "stage",
]
