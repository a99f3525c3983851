"""`casebook run`: Kedro's run, from any folder, in a project or on an installed wheel."""

from __future__ import annotations

import click

FORWARDED = {"ignore_unknown_options": True, "allow_extra_args": True}


@click.command(context_settings=FORWARDED, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run(options: tuple[str, ...]) -> None:
    """Run a pipeline, with all options of `kedro run`.

    A case trains (redhat), searches (redhat_study), predicts (redhat_predict), learns on (redhat_update) or is
    looked after (redhat_monitor).
    """
    run_pipeline(list(options), "casebook run")


def run_pipeline(options: list[str] | None, name: str) -> None:
    """Run Kedro's command in the project, else in the current folder.

    Args:
        options: what follows the command; by default what was typed.
        name: of the command, for its help and its errors.
    """
    from kedro.framework.project import configure_project

    configure_project("casebook")
    make_run_command().main(options, prog_name=name)


def make_run_command() -> click.Command:
    """Make Kedro's `run`, whose parameters and file of options are read as configuration files are."""
    from kedro.framework.cli.project import run as kedro_run

    from casebook.cli.run_options import replace_options

    return replace_options(kedro_run)
