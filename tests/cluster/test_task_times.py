"""Where the time of a cluster's workers went adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cluster import task_times
from casebook.cluster.task_times import TaskTimes

if TYPE_CHECKING:
    import pytest


def test_seconds_add_up_to_those_that_the_workers_were_there(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(task_times.time, "monotonic", lambda: now[0])
    times = TaskTimes("trials", "training")
    times.offer(1)
    now[0] = 10.0
    times.offer(3)
    now[0] = 20.0
    times.add({"training": 20.0, "fetching": 2.0, "storing": 1.0, "whole": 24.0})
    assert times.describe() == {
        "cluster.seconds.training": "20.0",
        "cluster.seconds.fetching": "2.0",
        "cluster.seconds.storing": "1.0",
        "cluster.seconds.other": "1.0",
        "cluster.seconds.idle": "16.0",
    }
    assert times.summary() == "1 trials, 40 s of workers: training 50%, fetching 5%, storing 2%, idle 40%"
