from .arriving_rows import UpdateError
from .batch import learn_batch

__all__ = ["UpdateError", "learn_batch"]
