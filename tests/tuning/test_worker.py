"""What a worker says to its launch, and what it does once that is gone."""

from __future__ import annotations

import io
import json
import os

import pytest

from casebook.tuning.worker import ORPHANED, Reporter


@pytest.fixture
def said() -> tuple[Reporter, int]:
    """Return a reporter and the descriptor from which its launch reads."""
    ours, theirs = os.pipe()
    return Reporter(theirs), ours


def read(descriptor: int) -> list[dict[str, object]]:
    return [json.loads(line) for line in os.read(descriptor, 1 << 16).splitlines()]


def test_a_run_is_asked_for_after_all_that_was_sent_once(
    said: tuple[Reporter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter, launch = said
    monkeypatch.setattr("sys.stdin", io.StringIO("f00d\n"))
    reporter.start(3, {"rate": 0.1}, None)
    reporter.send_epoch(1, {"val/loss": 0.5})
    assert (reporter.find_run(), reporter.find_run()) == ("f00d", "f00d")
    assert [(message["event"], message["trial"]) for message in read(launch)] == [
        ("start", 3),
        ("epoch", 3),
        ("find_run", 3),
    ]


def test_a_worker_whose_launch_is_gone_exits_before_its_trial_counts_as_finished(
    said: tuple[Reporter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter, _ = said
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setattr("os._exit", _leave)
    reporter.start(3, {}, None)
    with pytest.raises(SystemExit) as left:
        reporter.find_run()
    assert left.value.code == ORPHANED


def _leave(code: int) -> None:
    raise SystemExit(code)
