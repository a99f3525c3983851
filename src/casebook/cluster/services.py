"""Processes that outlive the command that starts them: described in a file, found alive or gone, stopped by number."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil

from casebook.runtime.atomic_files import atomic_write
from casebook.runtime.ports import free_port, is_free
from casebook.runtime.processes import ProcessIdentity, identify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# How long a process may take to end once it is asked to.
STOP_SECONDS = 20.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Service:
    """A process to be started.

    Attributes:
        name: what it is called.
        command: the words.
        variables: of its environment, beside this process's.
        address: where it answers.
    """

    name: str
    command: Sequence[str]
    variables: Mapping[str, str]
    address: str


class Services:
    """The services of a folder."""

    def __init__(self, folder: Path) -> None:
        """Read what runs there."""
        self.folder = folder
        self._file = folder / "services.json"
        self._known: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def __iter__(self) -> Any:  # noqa: ANN401 - names
        """Iterate over the names in the order in which they were started."""
        return iter(list(self._known))

    def address(self, name: str) -> str:
        """Return where a service answers; empty where it was never started."""
        return str(self._known.get(name, {}).get("address", ""))

    def pid(self, name: str) -> int:
        """Return the number of a service's process."""
        return int(self._known[name]["process"]["pid"])

    def choose_port(self, name: str) -> int:
        """Return the port that a service had; another one where that is taken meanwhile, by no service of this folder.

        Services that were started after one that moves look for it where it was: they are stopped.
        """
        before = urlsplit(self.address(name)).port
        if before and (self.is_alive(name) or is_free(before)):
            return before
        names = [*self]
        for later in reversed(names[names.index(name) + 1 :] if before else []):
            self.stop(later)
        return free_port()

    def is_alive(self, name: str) -> bool:
        """Return whether a service's process is there."""
        process = ProcessIdentity.of(self._known.get(name, {}).get("process"))
        if process is None:
            return False
        _reap(process.pid)
        return not process.gone

    def start(self, service: Service) -> None:
        """Start a service, unless it is there; what it says goes to a log of its own."""
        if self.is_alive(service.name):
            return
        log = self.folder / "logs" / f"{service.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as said:
            process = subprocess.Popen(  # noqa: S603 - services of a cluster
                service.command,
                cwd=self.folder,
                env={**os.environ, **service.variables},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the shell is not meant for it.
                start_new_session=True,
            )
        self._known[service.name] = {"process": identify(process.pid).describe(), "address": service.address}
        self._save()

    def stop(self, name: str) -> None:
        """Stop a service and all that it has started, and forget its process."""
        if self.is_alive(name):
            root = psutil.Process(self.pid(name))
            family = [*root.children(recursive=True), root]
            root.send_signal(signal.SIGTERM)
            end = time.monotonic() + STOP_SECONDS
            while time.monotonic() < end and any(_is_there(each) for each in family):
                _reap(root.pid)
                time.sleep(POLL_SECONDS)
            for left in [each for each in family if _is_there(each)]:
                left.kill()
            _reap(root.pid)
        self._known.get(name, {}).pop("process", None)
        self._save()

    def tail(self, name: str, lines: int = 5) -> str:
        """Return the last lines that a service has said."""
        log = self.folder / "logs" / f"{name}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def _save(self) -> None:
        with atomic_write(self._file) as path:
            path.write_text(json.dumps(self._known, indent=1))


def _is_there(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _reap(pid: int) -> None:
    """Take the end of a child of this process, which else stays as a zombie."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
