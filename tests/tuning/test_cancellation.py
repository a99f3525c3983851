"""A request to end: heard at any time, heeded where a training can be broken off."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from casebook.tuning.cancellation import CancellationToken, Cancelled, CancellingMonitor

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stop() -> Iterator[CancellationToken]:
    before = signal.getsignal(signal.SIGTERM)
    yield CancellationToken()
    signal.signal(signal.SIGTERM, before)


def test_a_request_is_heeded_at_the_next_step_and_not_before(stop: CancellationToken) -> None:
    written: list[int] = []
    monitor = CancellingMonitor(lambda epoch, _: written.append(epoch), stop)
    monitor.start(2, 10)
    monitor.advance(5)
    signal.raise_signal(signal.SIGTERM)
    assert stop.asked
    # What is being written down is written whole.
    monitor.epoch(1, {})
    assert written == [1]
    for look in (lambda: monitor.advance(5), lambda: monitor.start(2, 10), stop.raise_if_cancelled):
        with pytest.raises(Cancelled):
            look()
    assert not issubclass(Cancelled, Exception)
