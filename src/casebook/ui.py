"""Open the MLflow UI on the project's store: `python -m casebook.ui [PORT]`."""

from __future__ import annotations

import os
import sys

from casebook.locations import artifact_location, tracking_uri
from casebook.store import create_store_once


def main(port: str = "5000") -> None:
    """Replace this process by MLflow's server, on loopback."""
    create_store_once(tracking_uri())
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", tracking_uri(), "--port", port]
    location = artifact_location()
    if location is not None:
        command += ["--default-artifact-root", location]
    os.execv(sys.executable, command)  # noqa: S606 - fixed words and the store's address


if __name__ == "__main__":
    main(*sys.argv[1:2])
