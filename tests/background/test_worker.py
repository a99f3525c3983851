"""The background process ends with its run, whatever it is at."""

from __future__ import annotations

import pickle
from multiprocessing import Pipe
from queue import SimpleQueue

from casebook.background.worker import send_results


def test_a_result_for_a_run_that_was_killed_is_dropped_without_a_word() -> None:
    run, own = Pipe()
    tasks: SimpleQueue[bytes] = SimpleQueue()
    tasks.put(pickle.dumps((len, ["abc"], 1, None)))
    run.close()
    send_results(own, tasks)
    assert tasks.empty()
