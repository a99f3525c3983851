"""`casebook ui`: open the MLflow UI on the project's store."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

import click

from casebook.cli.arguments import port_option

# What a browser needs: MLflow's default is four workers, and a runner of jobs with a process for each of its queues,
# which only its judges and assistants of language models use.
ONE_USER = ("--workers", "1")
NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
APP = "casebook"
# MLflow 3.17.2 imports what Starlette 1 calls deprecated, once a process: nothing that a user could act on.
QUIET = {"PYTHONWARNINGS": "ignore:starlette.middleware.wsgi is deprecated"}


@click.command()
@port_option(5000)
def ui(port: int) -> None:
    """Browse runs in the MLflow UI."""
    from casebook.config.paths import artifact_location, tracking_uri
    from casebook.config.secrets import hide_password
    from casebook.tracking.late_writing import is_server
    from casebook.tracking.left_running import close_left_running
    from casebook.tracking.sqlite_store import SQLITE_PREFIX, open_read_only

    if is_server(tracking_uri()):
        click.echo(f"MLflow UI: {hide_password(tracking_uri())}, of the server that keeps the runs")
        return
    uri = open_read_only(tracking_uri())
    # A database elsewhere is told by the commands that log to it: one that is not there would be waited for.
    if uri.startswith(SQLITE_PREFIX):
        close_left_running(uri)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)]
    command += ONE_USER
    # An environment that was installed before the app was there shows MLflow's own order.
    if entry_points(group="mlflow.app", name=APP):
        command += ["--app-name", APP]
    location = artifact_location()
    if location is not None:
        command += ["--default-artifact-root", location]
    click.echo(f"MLflow UI: http://127.0.0.1:{port} (Ctrl+C ends it)")
    sys.stdout.flush()
    os.execve(sys.executable, command, {**NO_JOBS, **QUIET, **os.environ})  # noqa: S606 - fixed words and the store's address
