"""Trials as tasks of Dask: drawn by the launch, trained by whichever worker is free, on any machine."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from casebook.cluster.dask_client import open_client, reporting
from casebook.cluster.flights import Flights
from casebook.cluster.trial_task import run_trial
from casebook.cluster.versions import list_versions
from casebook.cluster.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.tickets import Outcome, Ticket
    from casebook.tuning.execution import Launch

REPORT = "performance_report.html"


def one_trial(_worker: Mapping[str, Any]) -> int:
    """Return how many trials a worker takes at a time: a process trains one, with all its threads."""
    return 1


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
    slots_of: Callable[[Mapping[str, Any]], int] = one_trial

    def run(self, launch: Launch) -> None:
        """Run trials on the cluster until the budget is used up; see `execution.TrialExecutor`.

        Raises:
            StudyFailedError: the scheduler is gone, or no worker has the right versions.
        """
        with ExitStack() as stack:
            client = stack.enter_context(open_client(self.addresses.scheduler))
            workers = Workers(client, list_versions(), launch.print_line, self.slots_of)
            _introduce(launch, client, workers)
            report = stack.enter_context(reporting(REPORT))
            flights = Flights(launch, client, workers, self.addresses, self.task)
            try:
                flights.run()
            finally:
                launch.trial_runs.describe(flights.times.describe())
                launch.print_line(f"cluster: {flights.times.summary()}")
            _log_report(launch, report)


def _introduce(launch: Launch, client: Any, workers: Workers) -> None:  # noqa: ANN401 - Dask's
    """Say where the trials run, and where that can be watched."""
    workers.look()
    dashboard = str(client.dashboard_link)
    address, count = client.scheduler.address, len(workers.accepted)
    launch.print_line(f"trials run on Dask's scheduler {address} with {count} workers; dashboard {dashboard}")
    launch.trial_runs.describe({"cluster.scheduler": address, "cluster.dashboard": dashboard})


def _log_report(launch: Launch, report: Callable[[], Path | None]) -> None:
    """Log Dask's own page about the time of the tasks."""
    page = report()
    if page is not None:
        launch.trial_runs.log_report(page)
