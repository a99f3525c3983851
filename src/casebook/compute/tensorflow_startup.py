"""TensorFlow's start, without its notices."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from casebook.compute.gc_tuning import gc_disabled, skip_gc_at_exit

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_ERROR = 2
# TensorFlow reads them when it is imported: threads within an operation, and operations at a time.
INTRA_OP_VARIABLE, INTER_OP_VARIABLE = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"
# Keras imports them where they are installed, for wrappers, galleries and notebooks; that takes a second.
HIDDEN_PACKAGES = ("IPython", "matplotlib", "sklearn")
# Numbers of a step in its widest layer. Below the first an operation takes less time than its transfer to another
# thread, below the second less than its split in two.
SMALL_STEP_SIZE, LARGE_STEP_SIZE = 2_048, 65_536


def limit_threads(size: int) -> None:
    """Limit TensorFlow's threads by the size of a training step, before TensorFlow is imported; later without effect.

    Args:
        size: rows of a batch times units of the widest layer. Large steps are left to TensorFlow; so is everything
            where the user has set either number of threads.
    """
    if (
        "tensorflow" in sys.modules
        or size >= LARGE_STEP_SIZE
        or INTRA_OP_VARIABLE in os.environ
        or INTER_OP_VARIABLE in os.environ
    ):
        return
    if size < SMALL_STEP_SIZE:
        os.environ[INTER_OP_VARIABLE] = "1"
    else:
        os.environ[INTRA_OP_VARIABLE], os.environ[INTER_OP_VARIABLE] = "1", str(os.cpu_count())


@cache
def start_tensorflow() -> float:
    """Import TensorFlow and Keras and list devices, once a process.

    TensorFlow's C++ parts write notices about processors and absent GPUs to the standard error before any log level
    counts; they are held back unless `TF_CPP_MIN_LOG_LEVEL` is 0. Errors are raised as ever.

    Returns:
        The seconds that it took.
    """
    begun = time.perf_counter()
    skip_gc_at_exit()
    with (
        gc_disabled(),
        hide_packages(*HIDDEN_PACKAGES),
        _suppress_stderr(os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "0"),
    ):
        import keras
        import tensorflow as tf

        if os.environ.get("TF_CPP_MIN_LOG_LEVEL") != "0":
            # Every fold traces its own network; TensorFlow takes that for a mistake and warns of it.
            tf.get_logger().setLevel("ERROR")
        tf.config.list_logical_devices()
        keras.backend.backend()
    return time.perf_counter() - begun


def tensorflow_start_seconds() -> float:
    """Return the seconds that the start took, 0 before it."""
    return start_tensorflow() if start_tensorflow.cache_info().currsize else 0.0


@contextmanager
def hide_packages(*packages: str) -> Iterator[None]:
    """Hide packages from import for the block, unless they have been imported before.

    For libraries that import what is installed only to see whether it is in use.
    """
    left_out = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in left_out:
            sys.modules.pop(name, None)


@contextmanager
def _suppress_stderr(mute: bool) -> Iterator[None]:
    """Suppress what C++ code writes to the standard error, for the block."""
    if not mute:
        yield
        return
    kept, nowhere = os.dup(STANDARD_ERROR), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
        os.close(nowhere)
