"""Simple strong models that every network is measured against: boosted trees, logistic regressions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
