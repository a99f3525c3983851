"""Models packaged with their code, registered as versions, compared, and promoted to champion."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
