"""Column-wise work on all cores: NumPy and Arrow release the interpreter's lock while they compute."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MIN_THREADED_ROWS = 20_000

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], rows: int = MIN_THREADED_ROWS
) -> list[Result]:
    """Map a pure function over items in threads; results in the items' order, the first error is raised.

    Args:
        function: pure, of one item.
        items: such as columns.
        rows: how many rows each has. Few of them are computed without threads, which would take longer; so is
            everything in a thread already.
    """
    if rows < MIN_THREADED_ROWS or threading.current_thread() is not threading.main_thread():
        return [function(item) for item in items]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))
