"""The program `casebook` and its subcommands."""

from __future__ import annotations

import click

import casebook
from casebook.cli.check import check
from casebook.cli.cluster import cluster
from casebook.cli.dashboard import dashboard
from casebook.cli.fetch import fetch
from casebook.cli.init import init
from casebook.cli.leaderboard import leaderboard
from casebook.cli.report import report
from casebook.cli.reproduce import reproduce
from casebook.cli.run import run
from casebook.cli.serve import serve
from casebook.cli.ui import ui
from casebook.cli.viz import viz


class OrderedGroup(click.Group):
    """A group that lists its commands as they were added: first what one needs first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        """List the names."""
        return list(self.commands)


@click.group(cls=OrderedGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(casebook.__version__)
def program() -> None:
    """Deep-learning use cases as tracked, tunable, servable pipelines.

    Begin with `casebook run --pipelines=redhat`, then look at the run with `casebook ui`. Where there are no raw
    files, a sample is generated.
    """


for command in (run, init, check, ui, leaderboard, report, serve, dashboard, viz, fetch, cluster, reproduce):
    program.add_command(command)
