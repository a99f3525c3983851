"""Parameters and paths: the schema, how a variant and the command line are applied, where things lie."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
