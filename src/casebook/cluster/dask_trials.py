"""Trials as tasks of Dask: drawn by the launch, trained by whichever worker is free, on any machine."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from casebook.cluster.dask_client import introduce, open_client, reporting
from casebook.cluster.drawing import tracking_variables
from casebook.cluster.flights import Flights
from casebook.cluster.tickets import Beginning
from casebook.cluster.trial_task import begin_study, run_trial
from casebook.cluster.versions import list_versions
from casebook.cluster.workers import SlotsOf, Workers, one_a_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.tickets import Outcome, Ticket
    from casebook.tuning.execution import Launch
    from casebook.tuning.plan import StudyPlan

REPORT = "performance_report.html"
# How long a launch waits for workers that start; what is not ready then counts as part of its first trial.
BEGIN_SECONDS = 60.0


@dataclass
class DaskTrials:
    """Runs trials as tasks of a Dask cluster.

    Attributes:
        addresses: of the cluster.
        task: what a worker does with a ticket.
        slots_of: how many trials a worker takes at a time, by what the scheduler says of it; a process trains one.
    """

    addresses: ClusterAddresses
    task: Callable[[Ticket], Outcome] = run_trial
    slots_of: SlotsOf = one_a_worker
    _prepared: bool = field(default=False, init=False)

    def prepare(self, plan: StudyPlan) -> None:
        """Have the workers that are there start TensorFlow and open the study, while the launch reads its tables."""
        from distributed import fire_and_forget

        with open_client(self.addresses.scheduler) as client:
            fire_and_forget(self._begin(client, client.scheduler_info(n_workers=-1)["workers"], plan))
        self._prepared = True

    def run(self, launch: Launch) -> None:
        """Run trials on the cluster until the budget is used up; see `execution.TrialExecutor`.

        Raises:
            StudyFailedError: the scheduler is gone, or no worker has the right versions.
        """
        from distributed import wait

        with ExitStack() as stack:
            client = stack.enter_context(open_client(self.addresses.scheduler))
            workers = Workers(client, list_versions(), launch.print_line, self.slots_of)
            line, tags = introduce(client, workers, "trials")
            launch.print_line(line)
            launch.trial_runs.describe(tags)
            if self._prepared:
                # Seconds that the first trials would count as their own. Why a worker cannot, its first trial says.
                with suppress(TimeoutError):
                    wait(self._begin(client, workers.accepted, launch.plan), timeout=BEGIN_SECONDS)
            report = stack.enter_context(reporting(REPORT))
            flights = Flights(launch, client, workers, self.addresses, self.task)
            try:
                flights.run()
            finally:
                launch.trial_runs.describe(flights.times.describe())
                launch.print_line(f"cluster: {flights.times.summary()}")
            _log_report(launch, report)

    def _begin(self, client: Any, workers: Iterable[str], plan: StudyPlan) -> list[Any]:  # noqa: ANN401 - Dask's
        """Have workers begin a study -> a future for each address; one that has begun it answers at once."""
        told = Beginning(plan, tracking_variables(self.addresses.tracking), list_versions())
        return [client.submit(begin_study, told, pure=False, workers=[address]) for address in workers]


def _log_report(launch: Launch, report: Callable[[], Path | None]) -> None:
    """Log Dask's own page about the time of the tasks."""
    page = report()
    if page is not None:
        launch.trial_runs.log_report(page)
