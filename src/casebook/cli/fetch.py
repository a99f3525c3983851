"""`casebook fetch CASE`: fetch a case's real raw files."""

from __future__ import annotations

import click

from casebook.cli.arguments import CaseCommand, case_argument, extra_needed


@click.command(cls=CaseCommand)
@case_argument()
@extra_needed("fetch", "fetching")
def fetch(case: str) -> None:
    """Fetch the real raw files of a case.

    Those of Kaggle need an account there; without one, this says what to do.
    """
    from casebook.data.download import fetch_files

    for path in fetch_files(case):
        click.echo(path)
