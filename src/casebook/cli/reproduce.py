"""`casebook reproduce CASE`: run what is missing of the published variants, then write docs/ledger.md from MLflow."""

from __future__ import annotations

import click

from casebook.cases.registry import CASES
from casebook.cli.arguments import CaseCommand, case_argument

ALL = "all"
PAGE = "docs/ledger.md"


@click.command(cls=CaseCommand)
@case_argument(ALL)
def reproduce(case: str) -> None:
    """Run published variants and write docs/ledger.md.

    Only what has not been run with the same parameters is run; it takes the real files, and hours for some cases.
    CASEBOOK_RAW names the folder of the files.
    """
    from casebook.config.paths import project_root, raw_folder_is_set

    if not raw_folder_is_set():
        raise click.ClickException(
            f"the ledger is about the real files: name their folder, as in CASEBOOK_RAW=/path casebook reproduce {case}"
        )
    from casebook.published_results.page import write_page
    from casebook.published_results.plan import plan_rows
    from casebook.published_results.runs import open_store, run_row

    client = open_store()
    for chosen in CASES if case == ALL else (case,):
        prepared_for = ""
        for row in plan_rows(chosen):
            prepared_for = run_row(client, row, prepared_for)
            # After each row: hours of runs may be broken off.
            write_page(project_root() / PAGE, client)
    click.echo(f"{PAGE} is written")
