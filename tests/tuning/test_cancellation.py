"""Cancellation: requested at any time, raised where a training can be interrupted."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from casebook.training.callbacks import CurveCallback
from casebook.tuning.cancellation import CancellationToken, Cancelled, CancellingCallback

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def token() -> Iterator[CancellationToken]:
    before = signal.getsignal(signal.SIGTERM)
    yield CancellationToken()
    signal.signal(signal.SIGTERM, before)


def test_a_request_breaks_off_after_the_next_batches_and_not_before(token: CancellationToken) -> None:
    written: list[int] = []
    curves, cancelling = CurveCallback(lambda epoch, _: written.append(epoch)), CancellingCallback(token)
    cancelling.on_train_begin()
    cancelling.on_train_batch_end(4)
    signal.raise_signal(signal.SIGTERM)
    assert token.requested
    # What is being written down is written whole.
    for callback in (curves, cancelling):
        callback.on_epoch_end(0, {})
        callback.on_train_end()
    assert written == [1]
    for look in (lambda: cancelling.on_train_batch_end(4), cancelling.on_train_begin, token.raise_if_cancelled):
        with pytest.raises(Cancelled):
            look()
    assert not issubclass(Cancelled, Exception)
