"""Calls to an MLflow server that may be away for a while: repeated until it answers, in a thread of their own."""

from __future__ import annotations

import logging
import os
import queue
import threading
from typing import TYPE_CHECKING, TypeVar

from mlflow.exceptions import MlflowException, RestException

from casebook.runtime.waiting import repeat_while_away

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = logging.getLogger(__name__)
PATIENCE_SECONDS, RETRY_SECONDS = 900.0, 2.0
# MLflow's own repetition waits twice as long each time, up to minutes after the server is back.
OWN_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
SERVER_FAULT = 500

Result = TypeVar("Result")


def is_server(uri: str) -> bool:
    """Return whether runs are kept by a server, which can be away while this process goes on."""
    return uri.startswith(("http://", "https://"))


def outlast(call: Callable[[], Result], patience: float = PATIENCE_SECONDS) -> Result:
    """Call the server, again and again while it is away.

    Args:
        call: asks it.
        patience: seconds after which its error is raised.

    Raises:
        MlflowException: it refuses, or is not back in time.
    """
    for name, value in OWN_RETRIES.items():
        os.environ.setdefault(name, value)
    return repeat_while_away(call, is_away, patience, RETRY_SECONDS, _tell_away)


def is_away(error: Exception) -> bool:
    """Return whether an error says that the server is away, or its store is, rather than that it refuses."""
    if isinstance(error, RestException):
        status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
        return status >= SERVER_FAULT
    return isinstance(error, MlflowException) and "API request to" in str(error)


def _tell_away() -> None:
    LOGGER.warning("the MLflow server is away; what is logged waits for it")
    # It says so of each try.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


class LateWriter:
    """Writes in the order of the calls, in a thread, so that a training does not wait for the server."""

    def __init__(self) -> None:
        """Start the thread."""
        self._calls: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._error: MlflowException | None = None
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], object]) -> None:
        """Have a call made once those before it are."""
        self._calls.put(call)

    def close(self) -> None:
        """Wait until all calls are made.

        Raises:
            MlflowException: the server refused one, or did not come back.
        """
        self._calls.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _write(self) -> None:
        while (call := self._calls.get()) is not None:
            if self._error is None:
                try:
                    outlast(call)
                except MlflowException as error:
                    self._error = error
