"""The command `casebook`, a module for each subcommand; nothing heavy is imported before it is needed."""

from __future__ import annotations

import click


class ProjectCommands(click.Group):
    """The commands that stand in the place of Kedro's own: `kedro run` alone, imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        """List the names."""
        return ["run"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        """Return the command."""
        if cmd_name != "run":
            return None
        from casebook.cli.checked_run import run

        return run


@click.group(cls=ProjectCommands)
def cli() -> None:
    """Replace `kedro run`: Kedro looks here for the commands of a project."""
