"""Start many Python programs quickly: each in a fork of a process that has imported their libraries.

Importing Kedro, MLflow and TensorFlow takes a command longer than much that it does on a small sample. The process that
is forked has started none of TensorFlow's threads, which would not live on in a fork.
"""

from __future__ import annotations

import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIBRARIES = (
    "tensorflow", "keras", "git", "kedro.framework.cli.cli", "kedro.framework.session", "kedro.runner",
    "kedro_datasets.json", "kedro_datasets.pandas", "kedro_datasets.pickle", "kedro_mlflow.framework.hooks",
    "kedro_telemetry.plugin", "kedro_viz.launchers.cli", "matplotlib.backends.backend_agg", "matplotlib.figure",
    "mlflow.pyfunc", "mlflow.sklearn", "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.tracing.processor.mlflow_v3", "omegaconf", "optuna", "pandas",
    "psutil", "pyarrow.dataset", "pyarrow.parquet", "pydantic", "rich.syntax", "sklearn.ensemble",
    "sklearn.linear_model", "sklearn.model_selection", "sklearn.preprocessing",
)  # fmt: skip
# All other variables may be read when a library is imported.
READ_WHEN_USED = {"HOME", "CASEBOOK_RAW"}
MESSAGE_BYTES = 1 << 17
BUFFER_BYTES = 1 << 16


class ForkedProgram:
    """A program that runs in a fork, with the part of `subprocess.Popen` that is used of it."""

    def __init__(self, output: int, ended: socket.socket) -> None:
        """Take over the reading end of its output, and the socket on which its number comes, then its exit code."""
        self.pid = int(ended.recv(MESSAGE_BYTES))
        self.returncode: int | None = None
        self._output, self._ended = output, ended

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end -> the exit code, negative for a signal."""
        if self.returncode is None:
            _wait_for(self._ended.fileno(), timeout)
            self.returncode = int(self._ended.recv(MESSAGE_BYTES))
            self._ended.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Wait until it, and whatever else holds its output, has ended -> what was written to both streams."""
        end = None if timeout is None else time.monotonic() + timeout
        said = b""
        while True:
            _wait_for(self._output, None if end is None else max(0, end - time.monotonic()))
            more = os.read(self._output, BUFFER_BYTES)
            if not more:
                break
            said += more
        os.close(self._output)
        self.wait(None if end is None else max(0, end - time.monotonic()))
        return io.TextIOWrapper(io.BytesIO(said)).read(), None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without warning."""
        self.send_signal(signal.SIGKILL)


def _wait_for(descriptor: int, timeout: float | None) -> None:
    if not select.select([descriptor], [], [], timeout)[0]:
        raise subprocess.TimeoutExpired("forked program", timeout or 0)


class ForkServer:
    """The process that is forked; it ends when this object or its process does, and programs that run go on."""

    def __init__(self, environment: Mapping[str, str], libraries: Sequence[str] = LIBRARIES) -> None:
        """Start it; it imports the libraries in this environment."""
        self._environment = environment
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), *libraries],
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Where a shell runs us in the background Ctrl-C is switched off, which a program would inherit.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Return whether an environment is this one, but for what no library reads when it is imported."""
        changed = {name for name, _ in self._environment.items() ^ environment.items()}
        return sys.platform == "linux" and changed <= READ_WHEN_USED

    def start(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> ForkedProgram:
        """Start a Python program.

        Args:
            arguments: the program's path and its words.
            folder: where it runs.
            environment: all of its variables; they must fit.
        """
        output, written = os.pipe()
        ended, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        message = json.dumps([list(arguments), str(folder), dict(environment)]).encode()
        with theirs:
            socket.send_fds(self._socket, [message], [written, theirs.fileno()])
        os.close(written)
        return ForkedProgram(output, ended)

    def close(self) -> None:
        """End it."""
        self._socket.close()


def serve(control: socket.socket) -> list[str]:
    """Fork for each message until the other end is closed -> only in a fork: the words of its program."""
    running: dict[int, tuple[int, socket.socket]] = {}  # by what becomes readable at a program's end
    while True:
        for ready in select.select([control, *running], [], [])[0]:
            if ready is not control:
                pid, ended = running.pop(ready)
                os.close(ready)
                _, status = os.waitpid(pid, 0)
                # A test that failed waits for none.
                with suppress(OSError), ended:
                    ended.send(str(os.waitstatus_to_exitcode(status)).encode())
                continue
            message, handles, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
            if not message:
                os._exit(0)
            output, ended = handles[0], socket.socket(fileno=handles[1])
            pid = fork()
            if not pid:
                for descriptor, (_, other) in running.items():
                    os.close(descriptor)
                    other.close()
                control.close()
                ended.close()
                return become(message, output)
            os.close(output)
            ended.send(str(pid).encode())
            running[os.pidfd_open(pid)] = pid, ended


def fork() -> int:
    """Fork this process -> as `os.fork` does."""
    with warnings.catch_warnings():
        # Python 3.12 warns of any thread; the one here, of Arrow's memory, has handlers for forks.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def become(message: bytes, output: int) -> list[str]:
    """Take on the folder, environment and output of a program -> its words."""
    arguments, folder, environment = json.loads(message)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.close(output)
    return list(arguments)


@contextmanager
def muted() -> Iterator[None]:
    """Hold back what TensorFlow's C++ parts say while they are imported."""
    kept, nowhere = os.dup(sys.stderr.fileno()), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    try:
        yield
    finally:
        os.dup2(kept, sys.stderr.fileno())
        os.close(kept)
        os.close(nowhere)


if __name__ == "__main__":
    with muted():
        for library in sys.argv[2:]:
            import_module(library)
    gc.collect()
    gc.freeze()
    # Only forks come to what follows, and end as a program of their own does.
    sys.argv = serve(socket.socket(fileno=int(sys.argv[1])))
    sys.path[0] = str(Path(sys.argv[0]).parent)
    runpy.run_path(sys.argv[0], run_name="__main__")
