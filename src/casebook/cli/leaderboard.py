"""`casebook leaderboard CASE`: what its runs reached on the same test rows, best first."""

from __future__ import annotations

import click

from casebook.cli.arguments import CaseCommand, case_argument


@click.command(cls=CaseCommand)
@case_argument()
@click.option(
    "--metric", metavar="NAME", default="", help="Rank by this metric instead of the case's promotion.metric."
)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, metavar="NUMBER", help="Most rows of a table."
)
def leaderboard(case: str, metric: str, limit: int) -> None:
    """Rank runs, references, baselines and studies on the same test rows.

    Each score stands with its 95 % interval and with how far it is behind the best, on the same resamples, where the
    predictions of both are kept. What was tested on other rows has a table of its own.
    """
    from casebook.config.paths import tracking_uri
    from casebook.tracking.run_leaderboard import show_leaderboard
    from casebook.tracking.run_search import open_store

    open_store(tracking_uri())
    try:
        show_leaderboard(case, metric, limit)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
