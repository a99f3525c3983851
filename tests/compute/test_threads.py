import threading
import time

import pytest

from casebook.compute.threads import MIN_THREADED_ROWS, map_in_threads


def test_results_come_in_the_order_of_the_items() -> None:
    def wait(seconds: float) -> tuple[float, int]:
        time.sleep(seconds)
        return seconds, threading.get_ident()

    results = map_in_threads(wait, [0.03, 0.0, 0.01])
    assert [seconds for seconds, _ in results] == [0.03, 0.0, 0.01]
    assert threading.get_ident() not in {thread for _, thread in results}
    assert map_in_threads(wait, []) == []


def test_the_first_error_is_raised() -> None:
    with pytest.raises(ValueError, match="'x'"):
        map_in_threads(int, ["1", "x", "y"])


def test_few_rows_are_worked_on_where_they_are() -> None:
    here = threading.get_ident()
    assert map_in_threads(lambda _: threading.get_ident(), [1, 2], rows=MIN_THREADED_ROWS - 1) == [here, here]
    assert here not in map_in_threads(lambda _: threading.get_ident(), [1, 2], rows=MIN_THREADED_ROWS)
