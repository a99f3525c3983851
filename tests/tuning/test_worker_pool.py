"""Each worker gets its share of the cores."""

from __future__ import annotations

from casebook.tuning.worker_pool import thread_limits


def test_each_library_gets_its_share_of_the_cores() -> None:
    assert set(thread_limits(1).values()) == {"1"}
    assert "OMP_NUM_THREADS" in thread_limits(2)
