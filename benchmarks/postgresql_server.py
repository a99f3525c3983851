"""A PostgreSQL server of one's own for as long as it is needed."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from casebook.cluster.postgresql import PATIENCE_SECONDS, USER, PostgresqlServer
from casebook.runtime.ports import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """Run a server on a free port, below a user of its own where this is root.

    Args:
        folder: for its files; where this is root, that user owns it and may pass the two above.

    Yields:
        The address of an empty database.
    """
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        for place in (folder, *folder.parents[:2]):
            place.chmod(place.stat().st_mode | 0o555)
    server = PostgresqlServer(folder, free_port())
    server.initialise()
    process = subprocess.Popen(server.command("fsync=off"), cwd=folder, stderr=subprocess.DEVNULL)
    try:
        server.wait(lambda: process.poll() is None)
        yield f"postgresql://{USER}@{LOOPBACK}:{server.port}/postgres"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
