"""Hyperparameter search: Optuna studies whose trials run in a pool of worker processes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
