"""The tasks of one launch: handed out to workers, brought home, handed out again where their workers are gone."""

from __future__ import annotations

import logging
import queue
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from casebook.cluster.dask_client import RUNNING as CONNECTED
from casebook.cluster.tickets import REFUSED
from casebook.config.secrets import hide_passwords
from casebook.tuning.errors import StudyFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casebook.cluster.workers import Workers

LOGGER = logging.getLogger(__name__)
POLL_SECONDS, LOOK_SECONDS = 0.5, 5.0
# How long tasks may take to end once they were asked to stop.
STOP_SECONDS = 30.0
# Launches that have asked their tasks on this worker to stop.
STOPPED: set[str] = set()


class Outcome(Protocol):
    """How a task ended: its `state`, why, and on which worker."""

    state: str
    message: str
    worker: str


@dataclass(frozen=True)
class Task:
    """A task that was handed out.

    Attributes:
        name: what it is called in messages.
        ticket: what a worker is told.
        future: Dask's.
        allowed: addresses of the workers that may run it.
    """

    name: str
    ticket: Any
    future: Any
    allowed: frozenset[str]


class Tasks:
    """The tasks of one launch that workers have."""

    def __init__(self, client: Any, workers: Workers, scheduler: str, work: Callable[[Any], Any]) -> None:  # noqa: ANN401
        """Store Dask's client, the workers, the scheduler's address, and what a worker does with a ticket."""
        self._client, self._workers, self._scheduler, self._work = client, workers, scheduler, work
        self._flying: dict[str, Task] = {}
        # Futures of tasks that have ended; None where something else has happened that is waited for.
        self._home: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._looked = 0.0

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._flying)

    def wake(self) -> None:
        """End the wait of `take_ended`."""
        self._home.put(None)

    def submit(self, name: str, ticket: Any) -> None:  # noqa: ANN401 - of the launch
        """Hand out a task to any of the workers that have the right versions."""
        allowed, key = self._workers.accepted, f"{name.replace(' ', '-')}-{uuid.uuid4().hex[:6]}"
        future = self._client.submit(self._work, ticket, key=key, pure=False, workers=sorted(allowed))
        self._flying[name] = Task(name, ticket, future, allowed)
        future.add_done_callback(self._home.put)

    def take_ended(self) -> Iterator[tuple[Any, Any]]:
        """Wait a moment for tasks that end.

        Yields:
            Ticket and outcome of each; one that a worker has refused is handed out again.

        Raises:
            StudyFailedError: the scheduler is gone, or a task could not be run.
        """
        try:
            ended = [self._home.get(timeout=POLL_SECONDS)]
        except queue.Empty:
            return
        while not self._home.empty():
            ended.append(self._home.get())
        for task in [task for task in self._flying.values() if task.future in ended]:
            outcome = self._take_outcome(task)
            if outcome.state == REFUSED:
                self._workers.refuse(outcome.worker, outcome.message)
                self.submit(task.name, task.ticket)
            else:
                yield task.ticket, outcome

    def look(self) -> bool:
        """Look now and then at the cluster, and hand out again what none of the workers there may run.

        Returns:
            Whether it was time to.

        Raises:
            StudyFailedError: the scheduler is gone.
        """
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return False
        if self._client.status != CONNECTED:
            raise scheduler_gone(self._scheduler)
        try:
            self._workers.look()
        except OSError:
            raise scheduler_gone(self._scheduler) from None
        for task in list(self._flying.values()):
            if self._workers.accepted and not task.allowed & self._workers.present:
                self.submit(task.name, task.ticket)
                task.future.cancel()
        self._looked = time.monotonic()
        return True

    def stop(self, launch: str) -> list[Any]:
        """Ask the tasks to stop, and wait for them.

        Returns:
            The outcomes of those that have ended.
        """
        if self._client.status != CONNECTED or not self._flying:
            return []
        from distributed import wait

        try:
            self._client.run(stop_launch, launch, on_error="ignore")
            wait([task.future for task in self._flying.values()], timeout=STOP_SECONDS)
        except (OSError, TimeoutError):
            LOGGER.warning("some tasks did not stop in %g s; the next launch runs them again", STOP_SECONDS)
        return [task.future.result() for task in self._flying.values() if task.future.status == "finished"]

    def _take_outcome(self, task: Task) -> Any:  # noqa: ANN401 - of the launch
        if task.future.status == "cancelled":
            raise scheduler_gone(self._scheduler)
        del self._flying[task.name]
        if task.future.status == "error":
            reason = hide_passwords(str(task.future.exception()))
            raise StudyFailedError(f"{task.name}: its task failed on the cluster ({reason})")
        return task.future.result()


def stop_launch(launch: str) -> None:
    """Ask the tasks of a launch on this worker to stop at the next safe moment."""
    STOPPED.add(launch)


def scheduler_gone(address: str) -> StudyFailedError:
    """Return the error that says that the scheduler is gone, and what to do."""
    return StudyFailedError(
        f"the Dask scheduler {address} is gone: start it, and the same command goes on; what was on its way is done "
        "again"
    )
