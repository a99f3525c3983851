"""The process of a worker, as Dask's nanny starts it."""

from __future__ import annotations

import pytest

from casebook.compute.freed_memory import keep_freed_memory
from waiting_parts import ARRAY_PAGES, count_page_faults


@pytest.mark.process
def test_a_worker_keeps_the_memory_of_freed_arrays_for_the_next_ones() -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        assert client.submit(count_page_faults, pure=False).result() >= ARRAY_PAGES
        client.run(keep_freed_memory)
        assert client.submit(count_page_faults, pure=False).result() < ARRAY_PAGES / 10
