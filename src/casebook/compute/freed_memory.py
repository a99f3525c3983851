"""Memory that was freed: given back to the system, since a run would hold the most it ever took, or kept for more."""

from __future__ import annotations

import ctypes

import pyarrow as pa

# The C library's own; there are none on macOS, whose allocator gives back by itself.
_TRIM, _OPTION = (getattr(ctypes.CDLL(None), name, None) for name in ("malloc_trim", "mallopt"))
# Of glibc's `mallopt`, and where its own adjustment ends: of arrays up to 32 MB the memory is kept for the next ones.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
MOST_KEPT_BYTES = 32 << 20


def return_freed_memory() -> None:
    """Give freed memory back to the system; takes a few milliseconds."""
    pa.default_memory_pool().release_unused()
    if _TRIM is not None:
        _TRIM(0)


def keep_freed_memory() -> None:
    """Have the process keep the memory of freed arrays for the next ones, as glibc's allocator does by itself.

    Dask starts workers with `MALLOC_TRIM_THRESHOLD_`, which ends that: each array of 128 kB and more is then new memory
    of the system, and page faults a third of the CPU time of scoring. Other allocators are left as they are.
    """
    if _OPTION is not None:
        _OPTION(MMAP_THRESHOLD, MOST_KEPT_BYTES)
        _OPTION(TRIM_THRESHOLD, 2 * MOST_KEPT_BYTES)
