from .atomic_files import atomic_write
from .signals import deferred_signals

__all__ = ["atomic_write", "deferred_signals"]
