"""`casebook report`: the page of a run, made anew, or of several runs beside each other."""

from __future__ import annotations

import click


@click.command()
@click.argument("runs", nargs=-1, metavar="[CASE | RUN...]")
def report(runs: tuple[str, ...]) -> None:
    """Make the page of a run, or compare runs.

    RUN is a run's id or the beginning of it. A CASE stands for its newest run that has a page; without any argument
    it is the newest run of all. Several runs of one case are compared: parameters that differ, scores, curves over
    each other, and how much better they are than the first on the same test rows.
    """
    from casebook.config.paths import tracking_uri
    from casebook.tracking.run_reports import write_comparison, write_report
    from casebook.tracking.run_search import find_newest, find_run, open_store

    open_store(tracking_uri())
    try:
        found = [find_run(name) for name in runs] or [find_newest()]
        file = write_report(found[0]) if len(found) == 1 else write_comparison(found)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(str(file))
