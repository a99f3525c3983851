"""Column types of raw tables: how a value is parsed, checked and described."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
