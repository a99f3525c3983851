"""Tuning of Python's garbage collector: large imports, and the end of the process."""

from __future__ import annotations

import atexit
import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def gc_disabled() -> Iterator[None]:
    """Disable garbage collection for a block that creates many lasting objects, as imports do."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def raise_gc_threshold() -> None:
    """Raise the threshold of garbage collection to 100,000 new objects.

    A run makes millions of objects that stay, in imports, figures and MLflow's answers: looking them through again and
    again takes a quarter of a short run. Large arrays are freed when their last name goes, without any look.
    """
    gc.set_threshold(100_000, 10, 10)


def skip_gc_at_exit() -> None:
    """Freeze all objects at exit, so that no last collection visits each, which takes seconds after TensorFlow."""
    atexit.unregister(_forget)
    atexit.register(_forget)


def _forget() -> None:
    gc.disable()
    gc.freeze()


def freeze_gc() -> None:
    """Freeze all present objects (`gc.freeze`): later collections visit new ones alone."""
    gc.collect()
    gc.freeze()
