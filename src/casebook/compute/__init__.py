"""TensorFlow's start, threads and garbage collection of a process. Copied whole into every logged model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
