"""Trials as tasks of Dask: drawn by the launch, trained by whichever worker is free, on any machine."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casebook.cluster.dask_client import introduce, open_client, reporting
from casebook.cluster.flights import Flights
from casebook.cluster.trial_task import run_trial
from casebook.cluster.versions import list_versions
from casebook.cluster.workers import SlotsOf, Workers, one_a_worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.tickets import Outcome, Ticket
    from casebook.tuning.execution import Launch

REPORT = "performance_report.html"


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

    def run(self, launch: Launch) -> None:
        """Run trials on the cluster until the budget is used up; see `execution.TrialExecutor`.

        Raises:
            StudyFailedError: the scheduler is gone, or no worker has the right versions.
        """
        with ExitStack() as stack:
            client = stack.enter_context(open_client(self.addresses.scheduler))
            workers = Workers(client, list_versions(), launch.print_line, self.slots_of)
            line, tags = introduce(client, workers, "trials")
            launch.print_line(line)
            launch.trial_runs.describe(tags)
            report = stack.enter_context(reporting(REPORT))
            flights = Flights(launch, client, workers, self.addresses, self.task)
            try:
                flights.run()
            finally:
                launch.trial_runs.describe(flights.times.describe())
                launch.print_line(f"cluster: {flights.times.summary()}")
            _log_report(launch, report)


def _log_report(launch: Launch, report: Callable[[], Path | None]) -> None:
    """Log Dask's own page about the time of the tasks."""
    page = report()
    if page is not None:
        launch.trial_runs.log_report(page)
