"""Running a command in its own process and measuring it from outside."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SAMPLED_EVERY = 0.05
KILOBYTE = 1024
TAIL = 12


class CommandFailedError(RuntimeError):
    """A measured command ended with an error; the message holds the end of its output."""


@dataclass(frozen=True)
class Measurement:
    """What one process took.

    Attributes:
        started: time of day at its start by psutil, in seconds; up to a second off, as its zero is a whole second.
        seconds: wall time from start to exit.
        peak_bytes: largest resident memory.
        output: everything it wrote.
    """

    started: float
    seconds: float
    peak_bytes: int
    output: str


def measure_command(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    weigh: Callable[[psutil.Process], int] | None = None,
) -> Measurement:
    """Run a command to its end.

    The peak is the largest sum of the resident set sizes (RSS) of the process and all its descendants, sampled every
    50 ms, or the kernel's own high-water mark of the process where that is larger (a peak between two samples). Pages
    that processes share or files mapped into memory count in full, so it errs on the high side.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: all its variables.
        log: file for what it writes.
        weigh: counts the bytes of a process and its descendants; their sum where it is None.

    Raises:
        CommandFailedError: it ended with another exit code than 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=sink, stderr=subprocess.STDOUT)
        try:
            started = psutil.Process(process.pid).create_time()
            peak = watch(process, weigh or tree_bytes)
        finally:
            if process.returncode is None:
                process.kill()
    seconds = time.perf_counter() - start
    output = log.read_text(errors="replace")
    if process.returncode:
        raise CommandFailedError(f"{' '.join(command)} ended with {process.returncode}: {tail(output)} (all: {log})")
    return Measurement(started, seconds, peak, output)


def watch(process: subprocess.Popen[bytes], weigh: Callable[[psutil.Process], int]) -> int:
    """Wait for a process and give the peak of its memory; sets its return code."""
    peak, root = 0, psutil.Process(process.pid)
    while True:
        # As `poll`, but it also gives the kernel's figures.
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return max(peak, usage.ru_maxrss * KILOBYTE)
        peak = max(peak, weigh(root))
        time.sleep(SAMPLED_EVERY)


def tree_bytes(root: psutil.Process) -> int:
    """Sum the resident memory of a process and its descendants; one that ends meanwhile counts nothing."""
    return sum(each_bytes(root))


def largest_bytes(root: psutil.Process) -> int:
    """Return the resident memory of the largest of a process and its descendants."""
    return max(each_bytes(root), default=0)


def each_bytes(root: psutil.Process) -> list[int]:
    """List the resident memory of a process and its descendants; one that ends meanwhile counts nothing."""
    found: list[int] = []
    with suppress(psutil.NoSuchProcess):
        found += [process.memory_info().rss for process in (root, *root.children(recursive=True))]
    return found


def tail(output: str) -> str:
    """Give the last lines that say something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(lines[-TAIL:])
