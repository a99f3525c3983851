"""Parts of tables as tasks of Dask: on workers of this machine that are there for one run, or on those of a cluster."""

from __future__ import annotations

import logging
import shutil
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psutil

from casebook.cases.engines import find_memory
from casebook.cluster.shared_store import SHARDS, SharedStore
from casebook.out_of_core.encoding import open_shards, write_arrays
from casebook.tuning.errors import StudyFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.preprocessing.tabular import Arrays

LOGGER = logging.getLogger(__name__)
# Of the machine's memory, what all workers together may take before Dask restarts one; none needs more, or has less.
MEMORY_SHARE, MOST_WORKER_BYTES, LEAST_WORKER_BYTES = 0.6, 2 << 30, 1 << 30
# Of a worker's memory, the most that a table may take that each of them holds a copy of.
BROADCAST_SHARE = 0.2
# So little is worked on in threads of this process: a worker takes longer to start.
FEW_BYTES = 32 << 20
# What workers of this machine say of each other; Kedro's console, which they inherit, would print it all.
QUIET_WORKERS = {"distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical"}
# So often it is looked whether the workers are still there.
LOOK_SECONDS = 10.0
# Workers of a cluster that do not see the raw files are named, up to so many.
SHOWN = 3


@dataclass(frozen=True)
class DaskPartWorkers:
    """Work on parts by tasks; see `out_of_core.recipe.PartWorkers`.

    Attributes:
        client: Dask's.
        broadcast_bytes: see there.
        allowed: addresses of the workers that may have tasks; none for any.
    """

    client: Any
    broadcast_bytes: int
    allowed: tuple[str, ...] = ()

    def map(self, function: Callable[..., Any], items: Sequence[Any], **shared: Any) -> list[Any]:  # noqa: ANN401
        """Submit a task for each item."""
        return [self.submit(partial(_apply, function), item, shared) for item in items]

    def submit(self, function: Callable[..., Any], *values: Any) -> Any:  # noqa: ANN401
        """Submit a task."""
        return self.client.submit(function, *values, pure=False, workers=list(self.allowed) or None)

    def gather(self, results: Sequence[Any]) -> list[Any]:
        """Fetch results; see `out_of_core.recipe.PartWorkers.gather`.

        Raises:
            StudyFailedError: the scheduler or all workers are gone, or parts need more memory than workers have.
        """
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            self._wait(results)
            for result in results:
                if result.status == "error":
                    raise result.exception()
            return list(self.client.gather(list(results)))
        except KilledWorker as error:
            raise StudyFailedError(
                f"workers ended on the same part, the last one {error.last_worker.address}: give them more memory, or "
                "look at their logs"
            ) from None
        except (FutureCancelledError, OSError) as error:
            raise StudyFailedError(
                f"the Dask scheduler is gone: start it, and the same command anew ({error})"
            ) from None

    def _wait(self, results: Sequence[Any]) -> None:
        """Wait for results as long as there are workers that may make them; others that join may not."""
        from distributed import wait

        with self.client.as_current():
            while True:
                try:
                    wait(results, timeout=LOOK_SECONDS)
                except TimeoutError:
                    there = self.client.scheduler_info(n_workers=-1)["workers"]
                    if self.allowed and there.keys().isdisjoint(self.allowed):
                        raise StudyFailedError(
                            f"the workers that began are all gone ({', '.join(self.allowed[:SHOWN])}): start some, and "
                            "the same command anew"
                        ) from None
                else:
                    return


def _apply(function: Callable[..., Any], item: Any, shared: Mapping[str, Any]) -> Any:  # noqa: ANN401
    return function(item, **shared)


@contextmanager
def open_local(raw_bytes: int, scratch: Path) -> Iterator[DaskPartWorkers]:
    """Start workers on this machine, for as long as they are needed.

    Args:
        raw_bytes: of the files: few of them are worked on by threads of this process.
        scratch: where workers put what does not fit into their memory.
    """
    import dask
    from distributed import Client, LocalCluster

    cores, memory = size_workers(psutil.cpu_count(logical=True) or 1, find_memory())
    processes = raw_bytes > FEW_BYTES
    logging.getLogger("distributed").setLevel(logging.ERROR)
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(QUIET_WORKERS))
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=cores if processes else 1,
                threads_per_worker=1 if processes else cores,
                processes=processes,
                memory_limit=memory if processes else None,
                # Any free port, and none of the pages that take seconds to import.
                dashboard_address=":0",
                scheduler_kwargs={"dashboard": False},
                local_directory=str(scratch),
                silence_logs=logging.ERROR,
            )
        )
        client = stack.enter_context(Client(cluster, set_as_default=False))
        yield DaskPartWorkers(client, int(BROADCAST_SHARE * memory))


def size_workers(cores: int, memory: int) -> tuple[int, int]:
    """Return how many workers a machine has room for, and the bytes of memory of each.

    Args:
        cores: of the machine.
        memory: its bytes, or those of its container.
    """
    shared = int(MEMORY_SHARE * memory)
    count = max(1, min(cores, shared // LEAST_WORKER_BYTES))
    return count, min(MOST_WORKER_BYTES, shared // count)


@contextmanager
def open_remote(addresses: ClusterAddresses, files: Sequence[Path]) -> Iterator[DaskPartWorkers]:
    """Use the workers of a cluster.

    Args:
        addresses: of the cluster.
        files: that all workers must see.

    Raises:
        StudyFailedError: the scheduler cannot be reached, has no workers of the right versions, or one does not see a
            file.
    """
    from casebook.cluster.dask_client import open_client
    from casebook.cluster.versions import list_versions
    from casebook.cluster.workers import Workers

    with open_client(addresses.scheduler) as client:
        workers = Workers(client, list_versions(), LOGGER.warning, lambda _: 1)
        workers.look()
        allowed = tuple(sorted(workers.accepted))
        if not allowed:
            raise StudyFailedError(f"the scheduler {addresses.scheduler} has no workers: start some first")
        blind = client.run(_list_unseen, [str(file) for file in files], workers=list(allowed))
        unseen = {address: missing for address, missing in blind.items() if missing}
        if unseen:
            told = "; ".join(
                f"{address} does not see {missing[0]}" for address, missing in list(unseen.items())[:SHOWN]
            )
            raise StudyFailedError(f"{told}: put raw files where all workers see them (CASEBOOK_RAW on a shared disk)")
        found = client.scheduler_info(n_workers=-1)["workers"]
        limits = [found[address]["memory_limit"] or MOST_WORKER_BYTES for address in allowed if address in found]
        LOGGER.info("parts are worked on by %d workers; dashboard %s", len(allowed), client.dashboard_link)
        yield DaskPartWorkers(client, int(BROADCAST_SHARE * min(limits, default=MOST_WORKER_BYTES)), allowed)


def _list_unseen(files: Sequence[str]) -> list[str]:
    return [file for file in files if not Path(file).exists()]


@dataclass(frozen=True)
class SharedShards:
    """Shards that go through a shared store: written there by workers, fetched by the launch; see `ShardPlace`.

    Attributes:
        address: of the store.
        folder: in which the launch keeps what it has fetched.
        number: of the launch, which has a folder of the store alone.
    """

    address: str
    folder: Path
    number: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def launch(self) -> str:
        """Folder of the store that is this launch's alone."""
        return f"{SHARDS}/{self.number}"

    def begin(self) -> None:
        """Claim the launch's folder, and remove those of launches that were killed on this machine.

        Raises:
            SharedStoreError: the store refuses.
        """
        store = SharedStore(self.address, SHARDS)
        store.claim(self.number)
        removed = store.remove_abandoned()
        if removed:
            LOGGER.info("removed the shards of launches that were killed: %s", ", ".join(removed))

    def write(self, number: int, parts: Mapping[str, Arrays]) -> str:
        """Publish a shard under the hash of its number and content: others may be of the same content."""
        with TemporaryDirectory() as scratch:
            write_arrays(Path(scratch) / f"{number:05d}", parts)
            fingerprint = SharedStore(self.address, self.launch).publish(Path(scratch))
        return f"{fingerprint}/{number:05d}"

    def collect(self, written: Sequence[str]) -> dict[str, Arrays]:
        """Fetch all shards, and check them."""
        store = SharedStore(self.address, self.launch)
        shutil.rmtree(self.folder, ignore_errors=True)
        for place in written:
            store.fetch(place.partition("/")[0], self.folder)
        return open_shards([self.folder / place for place in written])

    def close(self) -> None:
        """Remove what was published; see `SharedStore.remove`."""
        SharedStore(self.address, self.launch).remove()
