"""Workers come and go; those that differ are refused by name. The scheduler is one of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from casebook.cluster.versions import list_versions
from casebook.cluster.workers import Workers, one_a_worker
from casebook.tuning.errors import StudyFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    # Dask keeps the address of a variable that some other test has set; a cluster of one's own goes before it.
    with (
        LocalCluster(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_a_worker_of_the_same_versions_takes_one_a_worker_or_one_a_thread(client: Any) -> None:  # noqa: ANN401
    said: list[str] = []
    workers = Workers(client, list_versions(), said.append, one_a_worker)
    workers.look()
    assert (workers.slots, workers.accepted, said) == (1, workers.present, [])
    by_thread = Workers(client, list_versions(), said.append, lambda worker: int(worker["nthreads"]))
    by_thread.look()
    assert by_thread.slots == 2


def test_where_all_workers_differ_the_launch_says_which_and_how(client: Any) -> None:  # noqa: ANN401
    said: list[str] = []
    workers = Workers(client, {**list_versions(), "keras": "0.1"}, said.append, one_a_worker)
    told = r"no worker has what this launch has: inproc://.*: keras .* \(here 0.1\)"
    with pytest.raises(StudyFailedError, match=told):
        workers.look()
    (address,) = workers.present
    different = f"keras {list_versions()['keras']} (here 0.1)"
    assert said == [f"worker {address} is refused: {different}; install the same versions there and start it anew"]
    assert workers.slots == 0


def test_a_worker_that_joins_is_counted(client: Any) -> None:  # noqa: ANN401
    said: list[str] = []
    workers = Workers(client, list_versions(), said.append, one_a_worker)
    workers.look()
    client.cluster.scale(2)
    client.wait_for_workers(2)
    workers.look()
    assert (workers.slots, said) == (2, ["2 workers now"])
