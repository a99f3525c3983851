"""Catalog datasets: raw files, intermediate files written atomically, MLflow metrics and models."""

import lazy_loader

# `__init__.pyi` says which module holds what; it is imported when the catalog first names it, for MLflow and Optuna
# come with some of them.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
