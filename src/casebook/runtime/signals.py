"""Deferral of signals to a safe moment.

Raised in the middle of a call into MLflow's SQLite store, an interrupt leaves half a record there, and at times a lock.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEFERRED = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def deferred_signals() -> Iterator[Callable[[], None]]:
    """Defer Ctrl-C and SIGTERM until the block ends, or until it handles them.

    Yields:
        A function to call at a safe moment within the block; it then calls the process's own handler of the signal.
    """
    caught: list[int] = []
    numbers = DEFERRED if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, lambda got, _frame: caught.append(got)) for number in numbers}

    def deliver() -> None:
        while caught:
            number = caught.pop(0)
            waiting = signal.signal(number, before[signal.Signals(number)])
            try:
                signal.raise_signal(number)
            finally:
                signal.signal(number, waiting)

    try:
        yield deliver
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in caught:
            signal.raise_signal(late)
