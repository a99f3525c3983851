"""`casebook ui`: open the MLflow UI on the project's store."""

from __future__ import annotations

import os
import sys

import click

from casebook.cli.arguments import port_option


@click.command()
@port_option(5000)
def ui(port: int) -> None:
    """Browse runs in the MLflow UI."""
    from casebook.locations import artifact_location, tracking_uri
    from casebook.store import open_to_read

    uri = open_to_read(tracking_uri())
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)]
    location = artifact_location()
    if location is not None:
        command += ["--default-artifact-root", location]
    os.execv(sys.executable, command)  # noqa: S606 - fixed words and the store's address
