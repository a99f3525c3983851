"""`casebook run`: Kedro's run, from any folder, in a project or on an installed wheel."""

from __future__ import annotations

import click

FORWARDED = {"ignore_unknown_options": True, "allow_extra_args": True}


@click.command(context_settings=FORWARDED, add_help_option=False)
@click.option("--list-resumable", is_flag=True, help="List the runs that were broken off and can be resumed.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run(options: tuple[str, ...], list_resumable: bool) -> None:
    """Run a pipeline, with all options of `kedro run`.

    A case trains (redhat), searches (redhat_study), predicts (redhat_predict), learns on (redhat_update) or is
    looked after (redhat_monitor). `casebook run --list-resumable` lists the runs that were broken off.
    """
    if list_resumable:
        from casebook.cases.registry import known_cases
        from casebook.run_folders.finding import resumable_runs, tabulate_resumable

        found = [run for case in known_cases() for run in resumable_runs(case)]
        click.echo(tabulate_resumable(found) if found else "no run was broken off in its training")
        return
    run_pipeline(list(options), "casebook run")


def run_pipeline(options: list[str] | None, name: str) -> None:
    """Run Kedro's command in the project, else in the current folder.

    Args:
        options: what follows the command; by default what was typed.
        name: of the command, for its help and its errors.
    """
    from kedro.framework.project import configure_project

    from casebook.cli.checked_run import run as checked_run

    configure_project("casebook")
    checked_run.main(options, prog_name=name)
