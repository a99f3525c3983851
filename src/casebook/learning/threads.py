"""Column-wise work on all cores: NumPy and Arrow let go of the interpreter's lock while they compute."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Given = TypeVar("Given")
Made = TypeVar("Made")


def map_in_threads(function: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
    """Apply a pure function to each item; the results come in the items' order, the first error is raised."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))
