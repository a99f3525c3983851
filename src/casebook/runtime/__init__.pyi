from .atomic_files import written_whole
from .signals import deferred_signals

__all__ = ["deferred_signals", "written_whole"]
