"""Cancellation of a worker: the token that SIGTERM sets, and the callback that ends a training for it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from casebook.training.callbacks import TrainingCallback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType


class Cancelled(BaseException):
    """Raised in a worker that its launch has cancelled; no Exception, so that no trial is marked as failed for it."""


class Cancellation:
    """A request to stop, checked where a training can be interrupted."""

    def __init__(self) -> None:
        """Begin without a request."""
        self.requested = False

    def raise_if_cancelled(self) -> None:
        """Raise where cancellation was requested.

        Raises:
            Cancelled: it was.
        """
        if self.requested:
            raise Cancelled


class CancellationToken(Cancellation):
    """The request that SIGTERM makes.

    An error raised by the signal itself may come up within a call from C++ or a finaliser, where it is lost.
    """

    def __init__(self) -> None:
        """Install the handler of SIGTERM."""
        super().__init__()
        signal.signal(signal.SIGTERM, self._receive)

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True


class CancellingCallback(TrainingCallback):
    """Stop a training on request: before its first epoch, or after a stretch of batches."""

    def __init__(self, token: Cancellation) -> None:
        """Store the token to check."""
        self._token = token

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        """Raise `Cancelled` where the request came before the training."""
        self._token.raise_if_cancelled()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        """Raise `Cancelled` where it was requested."""
        self._token.raise_if_cancelled()
