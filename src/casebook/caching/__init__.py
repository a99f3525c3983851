"""Skipping data preparation that is up to date: same inputs, same code, same parameters."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
