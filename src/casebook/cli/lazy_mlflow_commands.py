"""kedro-mlflow's commands, imported when they are asked for: Kedro loads them, and MLflow, at each start (2 s)."""

from __future__ import annotations

import sys
from importlib import import_module

import click

# What kedro-mlflow's entry point names.
MODULE = "kedro_mlflow.framework.cli.cli"


class LateCommands(click.Group):
    """The group `kedro mlflow`, known by name until somebody looks into it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List kedro-mlflow's commands."""
        return _import_group().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give one of kedro-mlflow's commands."""
        return _import_group().get_command(ctx, cmd_name)


@click.group()
def commands() -> None:
    """What Kedro finds in the place of kedro-mlflow's commands."""


commands.add_command(LateCommands("mlflow", help="Use mlflow-specific commands inside kedro project."))


def defer_commands() -> None:
    """Have Kedro load this module in the place of kedro-mlflow's, unless that one has been imported already."""
    sys.modules.setdefault(MODULE, sys.modules[__name__])


def _import_group() -> click.Group:
    if sys.modules.get(MODULE) is sys.modules[__name__]:
        del sys.modules[MODULE]
    group: click.Group = import_module(MODULE).mlflow_commands
    return group
