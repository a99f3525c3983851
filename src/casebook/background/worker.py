"""The background process of a run: it computes submitted nodes one after the other, and ends with the run."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from casebook.background import result_cache
from casebook.background.transfer import pack
from casebook.compute.gc_tuning import gc_disabled, raise_gc_threshold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What its nodes need, imported while the run has not come to them yet.
PRELOADED_MODULES = ("casebook.stages.nodes", "casebook.stages.evaluation", "casebook.plots.tasks",
    "casebook.profiling.table_report", "matplotlib.backends.backend_agg", "matplotlib.figure", "sklearn.metrics",
    "sklearn.model_selection")  # fmt: skip


def main(handle: int) -> None:
    """Compute tasks until the run closes the connection or ends."""
    connection, tasks = Connection(handle), SimpleQueue[bytes]()
    threading.Thread(target=receive_tasks, args=(connection, tasks), daemon=True).start()
    raise_gc_threshold()
    with gc_disabled():
        for name in PRELOADED_MODULES:
            import_module(name)
    send_results(connection, tasks)


def send_results(connection: Connection[Any, Any], tasks: SimpleQueue[bytes]) -> None:
    """Compute tasks and send their results, as long as there is a run that waits for them."""
    # It may have been killed at this very moment, of which `receive_tasks` has not heard yet.
    with suppress(OSError):
        while True:
            connection.send_bytes(compute_task(tasks.get()))


def receive_tasks(connection: Connection[Any, Any], tasks: SimpleQueue[bytes]) -> None:
    """Receive tasks; once the run has ended, however that was, no result is needed."""
    try:
        while True:
            tasks.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)


def compute_task(task: bytes) -> bytes:
    """Compute a node.

    Args:
        task: pickled: a function, its inputs, how many outputs it has, and the folder where they are kept, if any.

    Returns:
        Pickled: the seconds that it took, its outputs, each pickled, or the error, and whether they were kept.
    """
    begun = time.perf_counter()
    try:
        function, inputs, outputs, folder = pickle.loads(task)  # noqa: S301 - from our own process
        packed, kept = (
            (compute(function, inputs, outputs), False)
            if folder is None
            else compute_cached(function, inputs, outputs, folder)
        )
        return pickle.dumps((time.perf_counter() - begun, packed, None, kept))
    except Exception as error:  # noqa: BLE001 - the run raises it in its turn
        return pickle.dumps((time.perf_counter() - begun, [], portable(error), False))


def compute(function: Callable[..., Any], inputs: list[Any], outputs: int) -> list[bytes]:
    """Call a function and pickle each of its outputs."""
    made = function(*inputs)
    return [pack(value) for value in (made if outputs > 1 else (made,))]


def compute_cached(
    function: Callable[..., Any], inputs: list[Any], outputs: int, folder: Path
) -> tuple[list[bytes], bool]:
    """Load the cached outputs of the same call, or compute and cache them."""
    key = result_cache.fingerprint(function, inputs)
    kept = result_cache.find(folder, key)
    if kept is not None:
        return kept, True
    made = compute(function, inputs, outputs)
    result_cache.keep(folder, key, made)
    return made, False


def portable(error: Exception) -> Exception:
    """Return an error that the run can unpickle: itself, or its text where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    except Exception:  # noqa: BLE001 - whatever its class cannot do
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    main(int(sys.argv[1]))
