"""The run's side of its background process: start, submission of nodes, results and end."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from casebook.background.transfer import pack
from casebook.background.worker import compute_task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# Seconds, outputs, error, and whether an earlier run had made them.
Answer = tuple[float, list[bytes], Exception | None, bool]
# Output, without the case -> the submission that makes it: of the nodes of the present run whose outputs are kept.
SUBMITTED: dict[str, Submission] = {}


class Submission(Future[Answer]):
    """The answer to a submitted node, computed once: by the process, or here where it is needed before its turn."""

    def __init__(
        self, function: Callable[..., Any], inputs: Sequence[Any], outputs: int, folder: Path | None = None
    ) -> None:
        """Store what is computed; see `BackgroundProcess.submit`."""
        super().__init__()
        self._task: tuple[Any, ...] | None = (function, list(inputs), outputs, folder)
        self._lock = threading.Lock()

    def complete(self, compute: Callable[[tuple[Any, ...]], Answer]) -> None:
        """Compute the answer, unless another has begun to; its inputs are not held any longer."""
        with self._lock:
            task, self._task = self._task, None
        if task is None:
            return
        try:
            self.set_result(compute(task))
        except Exception as error:  # noqa: BLE001 - whoever waits for the answer raises it
            self.set_exception(error)

    def take(self) -> Answer:
        """Wait for the answer; what the process has not come to yet is computed here, and the process leaves it out."""
        # Pickled as for the process, so that what either keeps for later runs has the same key.
        self.complete(lambda task: pickle.loads(compute_task(pack(task))))  # noqa: S301 - made here
        return self.result()


class ProcessLostError(RuntimeError):
    """The background process ended before it returned its result."""


class BackgroundProcess:
    """A background process that computes nodes in the order of their submission."""

    def __init__(self) -> None:
        """Start the process; it imports libraries while the run begins."""
        run_socket, process_socket = socket.socketpair()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "casebook.background.worker", str(process_socket.fileno())],
            pass_fds=[process_socket.fileno()],
            stdin=subprocess.DEVNULL,
            # Ctrl-C reaches the run alone, with which this process ends.
            start_new_session=True,
            # `skrub` draws with pyplot, which on a desktop would open windows here.
            env={**os.environ, **thread_limits(), "MPLBACKEND": "agg"},
        )
        process_socket.close()
        self._connection = Connection(run_socket.detach())
        # One thread, so that a large task is sent only when the result of the one before it has come.
        self._messenger = ThreadPoolExecutor(1, thread_name_prefix="background")

    def submit(
        self, function: Callable[..., Any], inputs: Sequence[Any], outputs: int, folder: Path | None = None
    ) -> Submission:
        """Submit a node.

        Args:
            function: one that can be pickled.
            inputs: its inputs.
            outputs: how many outputs it has.
            folder: where they are cached for later runs; none for outputs that are computed again each time.
        """
        submission = Submission(function, inputs, outputs, folder)
        self._messenger.submit(submission.complete, self._request)
        return submission

    def close(self) -> None:
        """End the process, whatever it computes."""
        self._messenger.shutdown(wait=False, cancel_futures=True)
        self._process.kill()
        self._process.wait()
        self._messenger.shutdown()
        self._connection.close()

    def _request(self, task: tuple[Any, ...]) -> Answer:
        try:
            self._connection.send_bytes(pack(task))
            answer: Answer = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - from our own process
        except (EOFError, OSError):
            code = self._process.wait()
            raise ProcessLostError(
                f"the background process of the run ended with {code} while it computed {task[0].__name__}; "
                "-9 mostly means that the machine had no memory left"
            ) from None
        return answer


def thread_limits() -> dict[str, str]:
    """Compute thread limits that leave half of the cores to the training; what the user has set stays.

    A fit on both of two cores takes a third less while nothing else runs (12 s for 17), and beside other work almost
    three times as long (46 s for 17): its threads wait for the slowest.

    Boosted trees come out the same with any number of threads. Products of matrices may not: their threads stay.
    """
    cores = os.cpu_count() or 1
    limits = {"OMP_NUM_THREADS": str(max(1, cores // 2)), "OPENBLAS_NUM_THREADS": str(cores)}
    return {} if "OMP_NUM_THREADS" in os.environ else {**limits, **_given("OPENBLAS_NUM_THREADS")}


def _given(name: str) -> dict[str, str]:
    return {name: os.environ[name]} if name in os.environ else {}
