"""Atomic files, lazy imports and deferred signals of a process."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
