from .tensorflow_startup import start_tensorflow
from .threads import map_in_threads

__all__ = ["map_in_threads", "start_tensorflow"]
