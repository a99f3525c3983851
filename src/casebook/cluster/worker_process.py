"""The process of a worker, as a task sees it."""

from __future__ import annotations

from pathlib import Path


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
