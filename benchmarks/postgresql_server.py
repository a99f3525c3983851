"""A PostgreSQL server of one's own for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0


class NoServerError(RuntimeError):
    """PostgreSQL is not installed or does not answer."""


def find_programs() -> Path:
    """Find PostgreSQL's own programs, which Debian keeps out of the path.

    Raises:
        NoServerError: it is not installed.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    place = Path(shutil.which("initdb") or (found[-1] if found else ""))
    if not place.is_file():
        raise NoServerError("PostgreSQL is not installed: apt-get install postgresql")
    return place.parent


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """Run a server on a free port, below a user of its own where this is root.

    Args:
        folder: for its files; where this is root, that user owns it and may pass the two above.

    Yields:
        The address of an empty database.
    """
    programs = find_programs()
    folder.mkdir(exist_ok=True)
    as_user = []
    if os.geteuid() == 0:
        for place in (folder, *folder.parents[:2]):
            place.chmod(place.stat().st_mode | 0o555)
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data, port = folder / "data", free_port()
    words = ["-D", str(data), "-U", "casebook", "-A", "trust"]
    subprocess.run([*as_user, str(programs / "initdb"), *words], check=True, capture_output=True, cwd=folder)
    options = [
        "-D",
        str(data),
        "-p",
        str(port),
        "-k",
        str(folder),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "fsync=off",
    ]
    process = subprocess.Popen([*as_user, str(programs / "postgres"), *options], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_answers(port, process)
        yield f"postgresql://casebook@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait for the server.

    Raises:
        NoServerError: it has ended, or says nothing.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(1)
                return
        time.sleep(0.2)
    raise NoServerError("PostgreSQL does not answer")
