"""The connection of a launch to Dask's scheduler, and Dask's own page about where the time went."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from casebook.config.secrets import hide_passwords
from casebook.tuning.errors import StudyFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casebook.cluster.workers import Workers

LOGGER = logging.getLogger(__name__)
CONNECT_SECONDS, CLOSE_SECONDS = 20, 5
RUNNING = "running"


@contextmanager
def open_client(address: str) -> Iterator[Any]:
    """Connect to a scheduler.

    Yields:
        Dask's client.

    Raises:
        StudyFailedError: it cannot be reached.
    """
    from distributed import Client

    # What a client says of a scheduler that is gone, its launch says in its own words.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise StudyFailedError(f"the Dask scheduler {address} cannot be reached: {error}") from None
    try:
        with client.as_current():
            yield client
    finally:
        # Of a scheduler that is gone nothing comes back.
        with suppress(OSError):
            client.close(timeout=CLOSE_SECONDS if client.status == RUNNING else 0)


def introduce(client: Any, workers: Workers, what: str) -> tuple[str, dict[str, str]]:  # noqa: ANN401 - Dask's
    """Say where the tasks of a launch run, and where that can be watched.

    Args:
        client: connected.
        workers: of its scheduler; they are looked at.
        what: the tasks are.

    Returns:
        A line for the console, and tags for the run.
    """
    workers.look()
    address, dashboard, count = client.scheduler.address, str(client.dashboard_link), len(workers.accepted)
    line = f"{what} run on Dask's scheduler {address} with {count} worker{'s' * (count != 1)}; dashboard {dashboard}"
    return line, {"cluster.scheduler": address, "cluster.dashboard": dashboard}


@contextmanager
def reporting(name: str) -> Iterator[Callable[[], Path | None]]:
    """Have Dask observe the tasks of the current client.

    Args:
        name: of the page's file.

    Yields:
        A function that ends it and returns the page; None where it could not be made, which is said.
    """
    from distributed import performance_report

    with TemporaryDirectory() as folder:
        page = Path(folder) / name
        report = performance_report(filename=str(page), mode="inline")
        report.__enter__()

        def end() -> Path | None:
            try:
                report.__exit__(None, None, None)
            except Exception as error:  # noqa: BLE001 - whatever draws the page; the tasks are done
                LOGGER.warning("Dask's performance report could not be made (%s)", hide_passwords(str(error)))
                return None
            return page

        yield end
