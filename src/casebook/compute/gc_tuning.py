"""Sparing Python's garbage collector work that finds nothing: large imports, and the end of the process."""

from __future__ import annotations

import atexit
import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def gc_disabled() -> Iterator[None]:
    """Let a block make many objects that all stay, as imports do, without looking for garbage among them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def raise_gc_threshold() -> None:
    """Have Python look for garbage after 100,000 new objects instead of some hundreds.

    A run makes millions of objects that stay, in imports, figures and MLflow's answers: looking them through again and
    again takes a quarter of a short run. Large arrays are freed when their last name goes, without any look.
    """
    gc.set_threshold(100_000, 10, 10)


def skip_gc_at_exit() -> None:
    """Have the process end without a last look at each of its objects, which takes seconds after TensorFlow."""
    atexit.unregister(_forget)
    atexit.register(_forget)


def _forget() -> None:
    gc.disable()
    gc.freeze()


def freeze_gc() -> None:
    """Take everything that is there out of the collector's sight: its next looks go over what comes later alone."""
    gc.collect()
    gc.freeze()
