"""The stages that every case shares: split, prepare, train, evaluate, package."""

from casebook.modelling.pipeline import create_modelling_pipeline, create_profile_pipeline, stage

__all__ = ["create_modelling_pipeline", "create_profile_pipeline", "stage"]
