"""`casebook reproduce CASE`: run what is missing of published variants or defaults, then write their page."""

from __future__ import annotations

import click

from casebook.cases.registry import CASES
from casebook.cli.arguments import CaseCommand, case_argument

ALL = "all"
PAGE, DEFAULTS_PAGE = "docs/ledger.md", "README.md"


@click.command(cls=CaseCommand)
@case_argument(ALL)
@click.option(
    "--defaults", is_flag=True, help="Run the defaults as a user runs them, and write the table in README.md."
)
def reproduce(case: str, defaults: bool) -> None:
    """Run published variants and write docs/ledger.md.

    Only what has not been run with the same parameters is run; it takes the real files, and hours for some cases.
    CASEBOOK_RAW names the folder of the files.
    """
    from casebook.config.paths import project_root, raw_folder_is_set

    if not raw_folder_is_set():
        raise click.ClickException(
            f"the ledger is about the real files: name their folder, as in CASEBOOK_RAW=/path casebook reproduce {case}"
        )
    from casebook.published_results.defaults_table import write_table
    from casebook.published_results.page import write_page
    from casebook.published_results.plan import plan_default, plan_rows
    from casebook.published_results.runs import open_store, run_row

    client = open_store()
    page = project_root() / (DEFAULTS_PAGE if defaults else PAGE)
    for chosen in CASES if case == ALL else (case,):
        prepared_for = ""
        for row in (plan_default(chosen),) if defaults else plan_rows(chosen):
            prepared_for = run_row(client, row, prepared_for)
            # After each row: hours of runs may be broken off.
            (write_table if defaults else write_page)(page, client)
    click.echo(f"{page.relative_to(project_root())} is written")
