"""Cancellation of a worker: the request, and where a training is broken off for it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from casebook.training.callbacks import TrainingCallback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType


class Cancelled(BaseException):
    """The launch cancelled this worker; no error, so that nothing takes it for a failed trial."""


class CancellationToken:
    """A request to end, looked for where a training can be broken off.

    An error raised by the signal itself may come up within a call from C++ or a finaliser, where it is lost.
    """

    def __init__(self) -> None:
        """Receive requests from now on."""
        self.asked = False
        signal.signal(signal.SIGTERM, self._receive)

    def raise_if_cancelled(self) -> None:
        """Break off where there was a request.

        Raises:
            Cancelled: there was.
        """
        if self.asked:
            raise Cancelled

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class CancellingCallback(TrainingCallback):
    """Break a training off at a request: before its first epoch, or after a stretch of batches."""

    def __init__(self, token: CancellationToken) -> None:
        """Keep what requests arrive at."""
        self._token = token

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        """Break off where a request came before."""
        self._token.raise_if_cancelled()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        """Break off where there was a request."""
        self._token.raise_if_cancelled()
