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
CHUNK = 1 << 16


@dataclass
class WorkerHandle:
    """Handle of a worker process.

    Attributes:
        process: the process.
        pipe: its messages are read from it.
        trial: number of the trial that it runs.
        rest: of the bytes read, those after the last complete message.
    """

    process: subprocess.Popen[bytes]
    pipe: IO[bytes]
    trial: int | None = None
    rest: bytes = field(default=b"", repr=False)

    def read(self) -> Iterator[dict[str, Any]]:
        """Read from the pipe and yield the complete messages."""
        *lines, self.rest = (self.rest + os.read(self.pipe.fileno(), CHUNK)).split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.trial = None if message["event"] == "end" else message["trial"]
            yield message

    def read_rest(self) -> Iterator[dict[str, Any]]:
        """Read the last messages of a worker that has exited."""
        with self.pipe as pipe:
            self.rest += pipe.read()
        for line in self.rest.split(b"\n")[:-1]:
            yield json.loads(line)

    def answer(self, text: str) -> None:
        """Send a line to the worker; one that has exited is ignored."""
        try:
            self.process.stdin.write(f"{text}\n".encode())  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        except BrokenPipeError:
            return


class WorkerPool:
    """A pool of workers that run one plan."""

    def __init__(
        self, plan: Path, size: int, threads: int, hear: Callable[[WorkerHandle, dict[str, Any]], None]
    ) -> None:
        """Store the plan and the handler of messages; no process is started yet."""
        self._plan, self._size, self._threads, self._hear = plan, size, threads, hear
        self._selector = selectors.DefaultSelector()
        self._hands: list[WorkerHandle] = []

    def work(self, lost: Callable[[WorkerHandle, int], None], check: Callable[[], None]) -> None:
        """Run workers until none finds a trial left.

        Args:
            lost: called with a worker that died and its exit code.
            check: called at each poll; raises to stop the study.
        """
        try:
            with deferred_signals() as heed:
                for _ in range(self._size):
                    self._start()
                while self._hands:
                    self._listen(POLL_SECONDS)
                    heed()
                    self._replace(lost)
                    check()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Terminate all workers, read their last messages, and kill those that do not exit in time."""
        for hand in self._hands:
            hand.process.terminate()
        end = time.monotonic() + STOP_TIMEOUT_SECONDS
        while self._hands and time.monotonic() < end:
            self._listen(0.1)
            self._hands = [hand for hand in self._hands if not self._gone(hand)]
        for hand in self._hands:
            hand.process.kill()
            self._gone(hand, wait=True)
        self._hands = []

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
        hand = WorkerHandle(process, os.fdopen(ours, "rb"))
        self._selector.register(hand.pipe, selectors.EVENT_READ, hand)
        self._hands.append(hand)

    def _listen(self, seconds: float) -> None:
        """Pass workers' messages to the handler, waiting for so many seconds at most."""
        for key, _ in self._selector.select(seconds):
            for message in key.data.read():
                self._hear(key.data, message)

    def _replace(self, lost: Callable[[WorkerHandle, int], None]) -> None:
        """Start a new process for each that was recycled or died."""
        for hand in [hand for hand in self._hands if self._gone(hand)]:
            self._hands.remove(hand)
            code = hand.process.returncode
            if code not in (0, RECYCLED):
                lost(hand, code)
            if code != 0:
                self._start()

    def _gone(self, hand: WorkerHandle, wait: bool = False) -> bool:
        """Return whether a worker has exited; its last messages are handled first."""
        if wait:
            hand.process.wait()
        if hand.process.poll() is None:
            return False
        self._selector.unregister(hand.pipe)
        for message in hand.read_rest():
            hand.trial = None if message["event"] == "end" else message["trial"]
            self._hear(hand, message)
        hand.process.stdin.close()  # type: ignore[union-attr]
        return True


def thread_limits(threads: int) -> dict[str, str]:
    """Return environment variables that limit a worker's threads; TensorFlow and NumPy would each take all cores."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return {name: str(threads) for name in names}
