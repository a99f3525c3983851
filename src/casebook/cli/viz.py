"""`casebook viz`: show the pipelines in Kedro-Viz."""

from __future__ import annotations

import os
import sys

import click

from casebook.cli.arguments import CaseCommand, CaseName, extra_needed, port_option


@click.command(cls=CaseCommand)
@click.argument("case", metavar="[CASE]", type=CaseName(), required=False)
@port_option(4141)
@extra_needed("viz", "drawing pipelines")
def viz(port: int, case: str | None) -> None:
    """Show the pipelines in Kedro-Viz, or that of one case."""
    from casebook.config.paths import project_root

    os.chdir(project_root())
    command = [sys.executable, "-m", "kedro", "viz", "run", "--port", str(port)]
    command += [f"--pipeline={case}"] if case else []
    os.execve(sys.executable, command, os.environ)  # noqa: S606 - fixed words, a known case and a number
