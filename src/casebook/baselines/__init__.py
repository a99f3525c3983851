"""Reference models that every network is compared with: LightGBM's boosted trees, logistic regressions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
