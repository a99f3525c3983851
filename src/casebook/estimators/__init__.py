"""Scikit-learn's face: estimators of data frames over the same preprocessing, network and row model as cases."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
