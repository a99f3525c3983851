"""How a worker is told to end, and where it heeds that."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from casebook.tracking.console import QuietMonitor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType


class Cancelled(BaseException):
    """The launch told this worker to stop; no error, so that nothing takes it for a failed trial."""


class CancellationToken:
    """A request to end, looked for where a training can be broken off.

    An error raised by the signal itself may come up within a call from C++ or a finaliser, where it is lost.
    """

    def __init__(self) -> None:
        """Hear of requests from now on."""
        self.asked = False
        signal.signal(signal.SIGTERM, self._hear)

    def raise_if_cancelled(self) -> None:
        """Break off where there was a request.

        Raises:
            Cancelled: there was.
        """
        if self.asked:
            raise Cancelled

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class CancellingMonitor(QuietMonitor):
    """Sends the curves on and heeds a request to end after every few steps."""

    def __init__(self, write: Callable[[int, Mapping[str, float]], None], stop: CancellationToken) -> None:
        """Keep where curves go, and what hears of requests."""
        super().__init__(write)
        self._stop = stop

    def start(self, epochs: int, steps: int) -> None:
        """Heed a request that came before."""
        super().start(epochs, steps)
        self._stop.raise_if_cancelled()

    def advance(self, steps: int) -> None:
        """Heed a request."""
        super().advance(steps)
        self._stop.raise_if_cancelled()
