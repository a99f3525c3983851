"""`casebook viz`: show the pipelines in Kedro-Viz."""

from __future__ import annotations

import os
import sys

import click

from casebook.cli.arguments import extra_needed, port_option


@click.command()
@port_option(4141)
@extra_needed("viz", "drawing pipelines")
def viz(port: int) -> None:
    """Show the pipelines in Kedro-Viz."""
    from casebook.config.paths import project_root

    os.chdir(project_root())
    command = [sys.executable, "-m", "kedro", "viz", "run", "--port", str(port)]
    os.execve(sys.executable, command, os.environ)  # noqa: S606 - fixed words and a number
