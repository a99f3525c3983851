"""`casebook dashboard CASE`: open optuna-dashboard on the study of a case."""

from __future__ import annotations

import click

from casebook.cli.arguments import LOOPBACK, CaseCommand, case_argument, extra_needed, port_option


@click.command(cls=CaseCommand)
@case_argument()
@port_option(8080)
@extra_needed("dashboard", "the dashboard")
def dashboard(case: str, port: int) -> None:
    """Browse a study in optuna-dashboard."""
    address = find_storage(case)
    from optuna_dashboard import run_server

    from casebook.tuning.hyperparameters import SpaceError
    from casebook.tuning.storage import open_storage

    try:
        storage = open_storage(address)
    except SpaceError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"http://{LOOPBACK}:{port}")
    run_server(storage, host=LOOPBACK, port=port)


def find_storage(case: str) -> str:
    """Find the address of a case's storage.

    Raises:
        ClickException: no study of it has been begun.
    """
    from casebook.config.loader import open_configuration
    from casebook.config.paths import project_root
    from casebook.config.tree import look_up
    from casebook.tuning.plan import storage_address
    from casebook.tuning.storage import JOURNAL

    address = storage_address(case, look_up(open_configuration()["parameters"], f"{case}.study.storage", ""))
    file = address.removeprefix(JOURNAL)
    if file != address and not (project_root() / file).exists():
        raise click.ClickException(
            f"no study of {case} has been begun here; begin one with casebook run --pipelines={case}_study"
        )
    return address
