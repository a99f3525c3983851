"""Runs found by their id, its beginning, or their case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
from mlflow import MlflowClient

from casebook.cases.registry import known_cases
from casebook.reports.reported_run import PAGE
from casebook.tracking.run_reports import NothingToReportError, read_run
from casebook.tracking.sqlite_store import create_store_once
from casebook.tracking.store_address import refuse_unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run

# Shorter beginnings of ids are often those of several runs.
LEAST_CHARACTERS = 4
# Runs that are asked for at once.
RUNS_A_PAGE = 1000


def open_store(uri: str) -> None:
    """Let the following calls read the project's store."""
    refuse_unusable(uri)
    create_store_once(uri)
    mlflow.set_tracking_uri(uri)


def find_run(name: str) -> str:
    """Find a run by its id or the beginning of it, or the newest run of a case that has a page.

    Returns:
        Its id.

    Raises:
        NothingToReportError: there is none, or several.
    """
    if name in known_cases():
        return find_newest(name)
    found = [run.info.run_id for run in list_runs() if run.info.run_id.startswith(name)]
    if len(name) < LEAST_CHARACTERS or not found:
        raise NothingToReportError(
            f"there is no run whose id begins with {name!r}, nor a case of that name; ids stand in the summary of a "
            f"run and in the MLflow UI, cases are {', '.join(known_cases())}"
        )
    if len(found) > 1:
        raise NothingToReportError(f"the ids of {len(found)} runs begin with {name!r}: give more of it")
    return str(found[0])


def find_newest(case: str = "") -> str:
    """Find the newest run that has a page, of a case or of all.

    Raises:
        NothingToReportError: there is none.
    """
    for run in list_runs(case):
        try:
            read_run(run)
        except NothingToReportError:
            continue
        return str(run.info.run_id)
    raise NothingToReportError(
        f"there is no run {f'of {case} ' if case else ''}that leaves a {PAGE}: kedro run --pipeline={case or 'redhat'}"
    )


def list_runs(case: str = "") -> Iterator[Run]:
    """Yield the runs of a case, or of all, the newest first, but for trials and folds, which have no page."""
    client = MlflowClient()
    experiments = [each for each in client.search_experiments() if not case or each.name == case]
    ids = [each.experiment_id for each in experiments]
    token: str | None = None
    while ids:
        order = ["attributes.start_time DESC"]
        runs = client.search_runs(ids, max_results=RUNS_A_PAGE, order_by=order, page_token=token)
        yield from (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
        token = runs.token
        if not token:
            return
