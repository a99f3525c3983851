"""A PostgreSQL server of one's own: Debian's programs, a data folder, the loopback address alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from casebook.runtime.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

USER, SYSTEM_USER = "casebook", "postgres"
PATIENCE_SECONDS = 60.0
# Eight processes with eight connections each, the MLflow server, and whoever looks.
MAX_CONNECTIONS = 200


class NoServerError(RuntimeError):
    """PostgreSQL is not installed or does not answer."""


def find_programs() -> Path:
    """Find PostgreSQL's own programs, which Debian keeps out of the path.

    Raises:
        NoServerError: it is not installed.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    place = Path(found[-1] if found else shutil.which("initdb") or "")
    if not place.is_file():
        raise NoServerError("PostgreSQL is not installed: apt-get install postgresql")
    return place.parent


@dataclass(frozen=True)
class PostgresqlServer:
    """A server with its files in a folder; where this is root it runs below a user of its own, as it must.

    Attributes:
        folder: for its files, which that user can reach.
        port: on the loopback address.
    """

    folder: Path
    port: int

    def initialise(self, password: str = "") -> None:
        """Write the files of an empty server, unless they are there.

        Args:
            password: of the user `casebook`; without one whoever is on this machine may connect.
        """
        if self._data.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, SYSTEM_USER)
        words = ["-D", str(self._data), "-U", USER, "--encoding=UTF8"]
        if not password:
            self._run_initdb([*words, "-A", "trust"])
            return
        with NamedTemporaryFile("w", dir=self.folder) as file:
            file.write(password)
            file.flush()
            if os.geteuid() == 0:
                shutil.chown(file.name, SYSTEM_USER)
            self._run_initdb([*words, "-A", "scram-sha-256", "--pwfile", file.name])

    def command(self, *options: str) -> list[str]:
        """Return the command that serves; options are names and values, as in `fsync=off`."""
        given = [f"listen_addresses={LOOPBACK}", f"max_connections={MAX_CONNECTIONS}", *options]
        words = ["-D", str(self._data), "-p", str(self.port), "-k", str(self.folder)]
        return [*as_postgres(), str(find_programs() / "postgres"), *words, *(w for each in given for w in ("-c", each))]

    def wait(self, is_alive: Callable[[], bool]) -> None:
        """Wait until it answers.

        Args:
            is_alive: whether its process is still there.

        Raises:
            NoServerError: it has ended, or says nothing.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        ready = [str(find_programs() / "pg_isready"), "-h", LOOPBACK, "-p", str(self.port), "-q"]
        while time.monotonic() < end and is_alive():
            if subprocess.run(ready, check=False).returncode == 0:  # noqa: S603 - PostgreSQL's own program
                return
            time.sleep(0.1)
        raise NoServerError("PostgreSQL does not answer")

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run_initdb(self, words: Sequence[str]) -> None:
        command = [*as_postgres(), str(find_programs() / "initdb"), *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)  # noqa: S603
        if done.returncode:
            raise NoServerError(f"PostgreSQL's files cannot be written in {self.folder}: {done.stderr.strip()}")


def as_postgres() -> list[str]:
    """Return the words before a command that root may not run itself."""
    return ["runuser", "-u", SYSTEM_USER, "--"] if os.geteuid() == 0 else []


def can_reach(folder: Path) -> bool:
    """Return whether the server's user can pass to a folder, or to where it would be made."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    command = [*as_postgres(), "test", "-x", str(there)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed words
