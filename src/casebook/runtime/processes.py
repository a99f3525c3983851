"""Who a process is, so that any later one can tell whether it is gone: a number alone is given to others."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

# Linux's first namespace of process numbers, in which all processes of a machine are seen; a container has another.
INITIAL_NAMESPACE = "pid:[4026531836]"
ENDED_STATES = ("Z", "X", "x")


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of one machine.

    Attributes:
        host: the machine's name.
        machine: the id of its installation; empty where it has none.
        boot: the id of the time since it was started; empty where it has none.
        namespace: that of process numbers; a container has one of its own.
        pid: the process's number.
        started: when the process was, by the machine's own count.
    """

    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    started: str

    @classmethod
    def of(cls, facts: Any) -> ProcessIdentity | None:  # noqa: ANN401 - read from a file or a tag
        """Return the process that was described by `describe`; None where it is none."""
        try:
            found = cls(**facts)
        except TypeError:
            return None
        return found if isinstance(found.pid, int) else None

    def describe(self) -> dict[str, str | int]:
        """Return it as JSON has it."""
        return asdict(self)

    @property
    def gone(self) -> bool:
        """Whether it certainly is no more; False where that cannot be seen from here, as of another machine."""
        here = this_process()
        if (self.host, self.machine) != (here.host, here.machine):
            return False
        if self.boot != here.boot:
            # Containers on two machines may bear one name and one installation.
            return bool(self.machine) and self.namespace == here.namespace == INITIAL_NAMESPACE
        return self.namespace == here.namespace and _start_of(self.pid) != self.started


def this_process() -> ProcessIdentity:
    """Return the identity of this process."""
    return _identify(os.getpid())


@cache
def _identify(pid: int) -> ProcessIdentity:
    return identify(pid)


def identify(pid: int) -> ProcessIdentity:
    """Return the identity of a process of this machine."""
    namespace = Path("/proc/self/ns/pid")
    return ProcessIdentity(
        socket.gethostname(),
        _read("/etc/machine-id"),
        _read("/proc/sys/kernel/random/boot_id"),
        str(namespace.readlink()) if namespace.is_symlink() else "",
        pid,
        _start_of(pid),
    )


def _start_of(pid: int) -> str:
    """Return when a process was started; empty where there is none, or only what its parent has not heard of yet."""
    if Path("/proc/self/stat").exists():
        # The name, in parentheses, may hold blanks.
        state, *fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split() or [""]
        return "" if not fields or state in ENDED_STATES else fields[18]
    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
