"""The trials of one launch that are on their way: handed out to workers, brought home, stopped."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

from casebook.cluster.drawing import Drawing
from casebook.cluster.task_times import TaskTimes
from casebook.cluster.tasks import Tasks
from casebook.cluster.tickets import UNREADABLE, Outcome, Ticket
from casebook.runtime.signals import deferred_signals
from casebook.tuning.errors import StudyFailedError
from casebook.tuning.trial_runner import LOST
from casebook.tuning.trials import RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.workers import Workers
    from casebook.tuning.execution import Launch

# Drawing takes a database several steps: with many slots some of them end meanwhile. With few, a trial that is drawn
# before the one that ends next would only know less.
SLOTS_A_TRIAL_AHEAD = 4


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
        self._launch, self._workers, self._id = launch, workers, uuid.uuid4().hex[:12]
        self._tasks = Tasks(client, workers, addresses.scheduler, task)
        self._lost: set[int] = set()
        self._any_failed = False
        self._drawing = Drawing(launch, addresses, self._id, self._tasks.wake)
        self.times = TaskTimes("trials", "training")

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
            # Their workers enqueue them again.
            for outcome in self._tasks.stop(self._id):
                self._tell(outcome)
            raise
        finally:
            self._drawing.close()

    def _hand_out(self) -> bool:
        """Submit trials whose rows are prepared to free workers, and draw others; return whether any is on its way."""
        begins = not self._launch.plan.until or time.time() < self._launch.plan.until
        if not begins:
            # What is drawn and has no worker yet is left to the next launch.
            return bool(len(self._tasks) or self._lost)
        slots, drawn = self._workers.slots, True
        self._submit_ready(slots)
        while drawn and len(self._tasks) + len(self._drawing) < slots + slots // SLOTS_A_TRIAL_AHEAD:
            drawn = self._drawing.draw()
        self._submit_ready(slots)
        waits_for_workers = not slots and self._launch.count_left() > 0
        return bool(len(self._tasks) or len(self._drawing) or self._lost or waits_for_workers)

    def _submit_ready(self, slots: int) -> None:
        """Submit trials whose rows are prepared to the slots that are free; the others wait for the next one."""
        for _, ticket in zip(range(slots - len(self._tasks)), self._drawing.take_ready(), strict=False):
            self._tasks.submit(f"trial {ticket.number}", ticket)

    def _bring_home(self) -> None:
        """Tell how trials did whose tasks have ended.

        Raises:
            StudyFailedError: the scheduler is gone, or a task could not be run.
        """
        for ticket, outcome in self._tasks.take_ended():
            if outcome.state == UNREADABLE:
                self._drawing.requeue(ticket.number)
                raise StudyFailedError(f"worker {outcome.worker}: {outcome.message}")
            self._tell(outcome)
            self._any_failed |= outcome.state == TrialState.FAIL.name
            # It reads every trial of the study.
            if self._any_failed:
                self._launch.check_failures()

    def _tell(self, outcome: Outcome) -> None:
        self.times.add(outcome.seconds)
        if outcome.state == LOST:
            # One whose heartbeat was missed before its worker's end came to light is run again already, and was told.
            if outcome.number in self._list_running():
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
        if not self._tasks.look():
            return
        self.times.offer(self._workers.slots)
        if self._launch.retry_dead("its worker is gone"):
            self._any_failed = True
            self._launch.check_failures()
        if self._lost:
            self._lost &= self._list_running()

    def _list_running(self) -> set[int]:
        return {trial.number for trial in self._launch.study.get_trials(deepcopy=False, states=RUNNING)}
