"""Running a command in its own process and measuring it from outside."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SAMPLED_EVERY = 0.05
KILOBYTE = 1024
TAIL = 12


class CommandFailedError(RuntimeError):
    """A measured command ended with an error; the message holds the end of its output."""


class TimeLimitError(RuntimeError):
    """A measured command took more CPU seconds than it may, and was ended."""


@dataclass(frozen=True)
class Measurement:
    """What one process took.

    Attributes:
        started: time of day at its start by psutil, in seconds; up to a second off, as its zero is a whole second.
        seconds: wall time from start to exit.
        cpu_seconds: of the process and of those that it has waited for.
        peak_bytes: largest memory.
        output: everything it wrote.
        cpu_curve: time of day and CPU seconds of the process tree so far, every 50 ms.
    """

    started: float
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str
    cpu_curve: Sequence[tuple[float, float]] = ()

    def cpu_between(self, start: float, end: float) -> float:
        """Return the CPU seconds between two times of day."""
        times, used = zip(*self.cpu_curve, strict=True)
        return float(np.interp(end, times, used) - np.interp(start, times, used))


def measure_command(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    memory: Callable[[psutil.Process], float] | None = None,
    limit_cpu_seconds: float = math.inf,
) -> Measurement:
    """Run a command to its end.

    The peak is the largest sum of the resident set sizes (RSS) of the process and all its descendants, sampled every
    50 ms, or the kernel's own high-water mark of the process where that is larger (a peak between two samples; read
    with them, since that of `wait4` begins with the memory of whoever started the process). Pages
    that processes share or files mapped into memory count in full, so it errs on the high side.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: all its variables.
        log: file for what it writes.
        memory: counts the bytes of a process and its descendants; their sum where it is None.
        limit_cpu_seconds: that it may take with its descendants, which are killed then; on a busy machine, seconds that
            pass say little.

    Raises:
        CommandFailedError: it ended with another exit code than 0.
        TimeLimitError: it took more than the limit.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=sink, stderr=subprocess.STDOUT)
        try:
            started = psutil.Process(process.pid).create_time()
            peak, cpu, curve = watch(process, memory or tree_bytes, limit_cpu_seconds)
        finally:
            if process.returncode is None:
                kill_tree(process)
    seconds = time.perf_counter() - start
    output = log.read_text(errors="replace")
    if process.returncode:
        raise CommandFailedError(f"{' '.join(command)} ended with {process.returncode}: {tail(output)} (all: {log})")
    return Measurement(started, seconds, cpu, peak, output, curve)


def watch(
    process: subprocess.Popen[bytes], memory: Callable[[psutil.Process], float], limit_cpu_seconds: float
) -> tuple[int, float, list[tuple[float, float]]]:
    """Wait for a process -> the peak of its memory, its CPU seconds and their curve; sets its return code.

    Raises:
        TimeLimitError: it took more CPU seconds.
    """
    peak, root = 0, psutil.Process(process.pid)
    curve = [(time.time(), 0.0)]
    while True:
        # As `poll`, but it also gives the kernel's figures.
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return peak, usage.ru_utime + usage.ru_stime, curve
        # The kernel's high-water mark counts shared pages in full.
        high = high_water_bytes(process.pid) if memory is not tree_proportional_bytes else 0
        peak = max(peak, int(memory(root)), high)
        curve.append((time.time(), tree_cpu_seconds(root)))
        if curve[-1][1] > limit_cpu_seconds:
            raise TimeLimitError
        time.sleep(SAMPLED_EVERY)


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that runs, and its descendants."""
    for each in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    process.kill()
    process.wait()


def high_water_bytes(pid: int) -> int:
    """Read the most resident memory that a process has had; 0 where it has ended, or the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) * KILOBYTE for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def tree_bytes(root: psutil.Process) -> float:
    """Sum the resident memory of a process and its descendants."""
    return sum_tree(root, lambda process: process.memory_info().rss)


def tree_proportional_bytes(root: psutil.Process) -> float:
    """Sum the proportional set sizes of a process and its descendants."""
    return sum_tree(root, lambda process: process.memory_full_info().pss)


def tree_cpu_seconds(root: psutil.Process) -> float:
    """Sum the CPU seconds of a process and its descendants."""
    return sum_tree(root, lambda process: sum(process.cpu_times()[:2]))


def largest_bytes(root: psutil.Process) -> float:
    """Return the resident memory of the largest of a process and its descendants."""
    return max(list_tree(root, lambda process: process.memory_info().rss), default=0.0)


def sum_tree(root: psutil.Process, quantity: Callable[[psutil.Process], float]) -> float:
    """Sum a quantity over a process and its descendants."""
    return sum(list_tree(root, quantity))


def list_tree(root: psutil.Process, quantity: Callable[[psutil.Process], float]) -> list[float]:
    """List a quantity of a process and its descendants; one that ends meanwhile counts nothing."""
    found: list[float] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        found.extend(quantity(process) for process in (root, *root.children(recursive=True)))
    return found


def tail(output: str) -> str:
    """Give the last lines that say something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(lines[-TAIL:])
