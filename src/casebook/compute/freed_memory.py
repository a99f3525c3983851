"""Memory that was freed, given back to the system: allocators keep it, and a run would hold the most it ever took."""

from __future__ import annotations

import ctypes

import pyarrow as pa

# The C library's own; there is none on macOS, whose allocator gives back by itself.
_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)


def return_freed_memory() -> None:
    """Give freed memory back to the system; takes a few milliseconds."""
    pa.default_memory_pool().release_unused()
    if _TRIM is not None:
        _TRIM(0)
