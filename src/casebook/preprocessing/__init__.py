"""Feature functions and preprocessors, which are fitted on training rows. Copied whole into every logged model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
