"""Tables larger than memory: read, joined, split, fitted and prepared in parts, by whichever processes there are."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
