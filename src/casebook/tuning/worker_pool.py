"""The pool of worker processes of one launch: started, polled for messages, replaced and stopped."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from casebook.runtime.signals import deferred_signals
from casebook.tuning.worker import RECYCLED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# How long terminated workers may take to record their trials.
STOP_TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.5
CHUNK_BYTES = 1 << 16


@dataclass
class WorkerHandle:
    """Handle of a worker process.

    Attributes:
        process: the process.
        pipe: its messages are read from it.
        trial: number of the trial that it runs.
        buffer: of the bytes read, those after the last complete message.
    """

    process: subprocess.Popen[bytes]
    pipe: IO[bytes]
    trial: int | None = None
    buffer: bytes = field(default=b"", repr=False)

    def read(self) -> Iterator[dict[str, Any]]:
        """Read from the pipe and yield the complete messages."""
        *lines, self.buffer = (self.buffer + os.read(self.pipe.fileno(), CHUNK_BYTES)).split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.trial = None if message["event"] == "end" else message["trial"]
            yield message

    def read_rest(self) -> Iterator[dict[str, Any]]:
        """Read the last messages of a worker that has exited."""
        with self.pipe as pipe:
            self.buffer += pipe.read()
        for line in self.buffer.split(b"\n")[:-1]:
            yield json.loads(line)

    def send_line(self, text: str) -> None:
        """Send a line to the worker; one that has exited is ignored."""
        try:
            self.process.stdin.write(f"{text}\n".encode())  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        except BrokenPipeError:
            return


class WorkerPool:
    """A pool of workers that run one plan."""

    def __init__(
        self, plan: Path, size: int, threads: int, on_message: Callable[[WorkerHandle, dict[str, Any]], None]
    ) -> None:
        """Store the plan and the handler of messages; no process is started yet."""
        self._plan, self._size, self._threads, self._on_message = plan, size, threads, on_message
        self._selector = selectors.DefaultSelector()
        self._workers: list[WorkerHandle] = []

    def run(self, on_death: Callable[[WorkerHandle, int], None], on_poll: Callable[[], None]) -> None:
        """Run workers until none finds a trial left.

        Args:
            on_death: called with a worker that died and its exit code.
            on_poll: called at each poll; raises to stop the study.
        """
        try:
            with deferred_signals() as raise_if_interrupted:
                for _ in range(self._size):
                    self._start()
                while self._workers:
                    self._poll(POLL_SECONDS)
                    raise_if_interrupted()
                    self._replace(on_death)
                    on_poll()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Terminate all workers, read their last messages, and kill those that do not exit in time."""
        for worker in self._workers:
            worker.process.terminate()
        end = time.monotonic() + STOP_TIMEOUT_SECONDS
        while self._workers and time.monotonic() < end:
            self._poll(0.1)
            self._workers = [worker for worker in self._workers if not self._has_exited(worker)]
        for worker in self._workers:
            worker.process.kill()
            self._has_exited(worker, wait=True)
        self._workers = []

    def _start(self) -> None:
        ours, theirs = os.pipe()
        command = [sys.executable, "-m", "casebook.tuning.worker", str(self._plan), str(theirs)]
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            pass_fds=[theirs],
            stdin=subprocess.PIPE,
            # Ctrl-C reaches the launch alone, which then stops its workers in order.
            start_new_session=True,
            env={**os.environ, **thread_limits(self._threads)},
        )
        os.close(theirs)
        worker = WorkerHandle(process, os.fdopen(ours, "rb"))
        self._selector.register(worker.pipe, selectors.EVENT_READ, worker)
        self._workers.append(worker)

    def _poll(self, seconds: float) -> None:
        """Pass workers' messages to the handler, waiting for so many seconds at most."""
        for key, _ in self._selector.select(seconds):
            for message in key.data.read():
                self._on_message(key.data, message)

    def _replace(self, on_death: Callable[[WorkerHandle, int], None]) -> None:
        """Start a new process for each that was recycled or died."""
        for worker in [worker for worker in self._workers if self._has_exited(worker)]:
            self._workers.remove(worker)
            code = worker.process.returncode
            if code not in (0, RECYCLED):
                on_death(worker, code)
            if code != 0:
                self._start()

    def _has_exited(self, worker: WorkerHandle, wait: bool = False) -> bool:
        """Return whether a worker has exited; its last messages are handled first."""
        if wait:
            worker.process.wait()
        if worker.process.poll() is None:
            return False
        self._selector.unregister(worker.pipe)
        for message in worker.read_rest():
            worker.trial = None if message["event"] == "end" else message["trial"]
            self._on_message(worker, message)
        worker.process.stdin.close()  # type: ignore[union-attr]
        return True


def thread_limits(threads: int) -> dict[str, str]:
    """Return environment variables that limit a worker's threads; TensorFlow and NumPy would each take all cores."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return {name: str(threads) for name in names}
