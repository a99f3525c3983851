"""The trials of one launch that are on their way: handed out to workers, brought home, stopped."""

from __future__ import annotations

import logging
import queue
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from casebook.cluster.dask_client import RUNNING as CONNECTED
from casebook.cluster.drawing import Drawing
from casebook.cluster.tickets import REFUSED, UNREADABLE, Outcome, Ticket
from casebook.cluster.trial_task import stop_launch
from casebook.cluster.trial_times import TrialTimes
from casebook.config.secrets import hide_passwords
from casebook.runtime.signals import deferred_signals
from casebook.tuning.errors import StudyFailedError
from casebook.tuning.trial_runner import LOST
from casebook.tuning.trials import RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.workers import Workers
    from casebook.tuning.execution import Launch

LOGGER = logging.getLogger(__name__)
POLL_SECONDS, LOOK_SECONDS = 0.5, 5.0
# How long trials may take to be enqueued again once they were asked to stop.
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Flight:
    """A trial that was handed out.

    Attributes:
        ticket: of the trial.
        future: Dask's, of its task.
        allowed: addresses of the workers that may run it.
    """

    ticket: Ticket
    future: Any
    allowed: frozenset[str]


class Flights:
    """The trials of one launch that workers have."""

    def __init__(
        self,
        launch: Launch,
        client: Any,  # noqa: ANN401 - Dask's
        workers: Workers,
        addresses: ClusterAddresses,
        task: Callable[[Ticket], Outcome],
    ) -> None:
        """Store the launch, Dask's client and workers, and what a worker does with a ticket."""
        self._launch, self._client, self._workers, self._task = launch, client, workers, task
        self._addresses, self._id = addresses, uuid.uuid4().hex[:12]
        self._flying: dict[int, Flight] = {}
        self._lost: set[int] = set()
        # Futures of tasks that have ended; None where rows were prepared.
        self._home: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._drawing = Drawing(launch, addresses, self._id, lambda: self._home.put(None))
        self._looked = 0.0
        self.times = TrialTimes()

    def run(self) -> None:
        """Hand out trials until none is left."""
        self.times.offer(self._workers.slots)
        try:
            with deferred_signals() as raise_if_interrupted:
                while self._hand_out():
                    self._bring_home()
                    raise_if_interrupted()
                    self._look()
        except BaseException:
            self._stop()
            raise
        finally:
            self._drawing.close()

    def _hand_out(self) -> bool:
        """Draw trials for free workers and submit those whose rows are prepared; return whether any is on its way."""
        begins = not self._launch.plan.until or time.time() < self._launch.plan.until
        slots, drawn = self._workers.slots, begins
        while begins and drawn and len(self._flying) + len(self._drawing) < slots:
            drawn = self._drawing.draw()
        for ticket in self._drawing.take_ready():
            self._submit(ticket)
        waits_for_workers = begins and not slots and self._launch.count_left() > 0
        return bool(self._flying or len(self._drawing) or self._lost or waits_for_workers)

    def _submit(self, ticket: Ticket) -> None:
        allowed = self._workers.accepted
        key = f"{self._launch.plan.case}-trial-{ticket.number}-{uuid.uuid4().hex[:6]}"
        future = self._client.submit(self._task, ticket, key=key, pure=False, workers=sorted(allowed))
        self._flying[ticket.number] = Flight(ticket, future, allowed)
        future.add_done_callback(self._home.put)

    def _bring_home(self) -> None:
        """Wait a moment for tasks that end, and tell how their trials did."""
        try:
            ended = [self._home.get(timeout=POLL_SECONDS)]
        except queue.Empty:
            return
        while not self._home.empty():
            ended.append(self._home.get())
        for flight in [flight for flight in self._flying.values() if flight.future in ended]:
            self._land(flight)
        self._launch.check_failures()

    def _land(self, flight: Flight) -> None:
        """Take a task's outcome.

        Raises:
            StudyFailedError: the scheduler is gone, or the task could not be run.
        """
        ticket, future = flight.ticket, flight.future
        if future.status == "cancelled":
            raise scheduler_gone(self._addresses.scheduler)
        del self._flying[ticket.number]
        if future.status == "error":
            reason = hide_passwords(str(future.exception()))
            raise StudyFailedError(f"trial {ticket.number}: its task failed on the cluster ({reason})")
        outcome: Outcome = future.result()
        if outcome.state == REFUSED:
            self._workers.refuse(outcome.worker, outcome.message)
            self._submit(ticket)
        elif outcome.state == UNREADABLE:
            self._drawing.requeue(ticket.number)
            raise StudyFailedError(f"worker {outcome.worker}: {outcome.message}")
        else:
            self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        self.times.add(outcome.seconds)
        if outcome.state == LOST:
            self._lost.add(outcome.number)
            self._launch.print_line(f"trial {outcome.number}: {outcome.message}")
        else:
            whole = outcome.seconds.get("whole", 0.0)
            self._launch.report_end(outcome.number, outcome.state, outcome.metrics, outcome.message, whole)

    def _look(self) -> None:
        """Look now and then at the cluster, and at trials of dead processes.

        Raises:
            StudyFailedError: the scheduler is gone.
        """
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        if self._client.status != CONNECTED:
            raise scheduler_gone(self._addresses.scheduler)
        try:
            self._workers.look()
        except OSError:
            raise scheduler_gone(self._addresses.scheduler) from None
        self.times.offer(self._workers.slots)
        for flight in list(self._flying.values()):
            if self._workers.accepted and not flight.allowed & self._workers.present:
                self._submit(flight.ticket)
                flight.future.cancel()
        self._launch.retry_dead("its worker is gone")
        if self._lost:
            running = self._launch.study.get_trials(deepcopy=False, states=RUNNING)
            self._lost &= {trial.number for trial in running}
        self._looked = time.monotonic()

    def _stop(self) -> None:
        """Have the trials in flight enqueued again by their workers."""
        if self._client.status != CONNECTED or not self._flying:
            return
        from distributed import wait

        try:
            self._client.run(stop_launch, self._id, on_error="ignore")
            wait([flight.future for flight in self._flying.values()], timeout=STOP_SECONDS)
        except (OSError, TimeoutError):
            LOGGER.warning("some trials did not stop in %g s; the next launch runs them again", STOP_SECONDS)
        for flight in [each for each in self._flying.values() if each.future.status == "finished"]:
            self._tell(flight.future.result())


def scheduler_gone(address: str) -> StudyFailedError:
    """Return the error that says that the scheduler is gone, and what to do."""
    return StudyFailedError(
        f"the Dask scheduler {address} is gone: start it, and the same command goes on; trials in flight are run again"
    )
