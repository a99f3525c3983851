"""Writing to MLflow: runs by explicit id, the SQLite store, the console beside it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
