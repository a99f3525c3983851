"""The process of a worker, as a task sees it."""

from __future__ import annotations

import ctypes
from pathlib import Path

# Of glibc's `mallopt`, and where its own adjustment ends: of arrays up to 32 MB the memory is kept for the next ones.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
MOST_KEPT_BYTES = 32 << 20


def worker_address() -> str:
    """Return the address of the worker that runs this task."""
    from distributed import get_worker

    return str(get_worker().address)


def local_folder(name: str) -> Path:
    """Return a folder of this worker's own, made where it is not there; it goes when the worker ends."""
    from distributed import get_worker

    folder = Path(get_worker().local_directory) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep_freed_memory() -> None:
    """Have the process keep the memory of freed arrays for the next ones, as glibc's allocator does by itself.

    Dask starts workers with `MALLOC_TRIM_THRESHOLD_`, which ends that: each array of 128 kB and more is then new memory
    of the system, and page faults a third of the CPU time of scoring. Other allocators are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, MOST_KEPT_BYTES)
        mallopt(TRIM_THRESHOLD, 2 * MOST_KEPT_BYTES)
