"""The command `casebook`, a module for each subcommand; nothing heavy is imported before it is needed."""

from __future__ import annotations

import click


@click.group()
def cli() -> None:
    """Add nothing to Kedro's own commands.

    Kedro looks here for those of a project; ours have one program, `casebook`.
    """
