"""Signals wait for a safe moment, and do then what they ask for."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from casebook.runtime.signals import deferred_signals

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Python's own handler of Ctrl-C: a process that a shell starts in its background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_raised_where_it_is_heeded() -> None:
    with deferred_signals() as raise_if_interrupted:
        raise_if_interrupted()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            raise_if_interrupted()


def test_an_interrupt_that_is_not_heeded_is_raised_after_the_block() -> None:
    reached = []

    def work() -> None:
        with deferred_signals():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append("the end of the block")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["the end of the block"]


def test_handlers_are_as_before_after_the_block() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with deferred_signals():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_request_to_end_does_what_the_process_does_with_it() -> None:
    def leave(_number: int, _frame: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        with deferred_signals() as raise_if_interrupted:
            os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(SystemExit) as left:
                raise_if_interrupted()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert left.value.code == 143
