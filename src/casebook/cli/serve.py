"""`casebook serve CASE`: serve a case's champion over HTTP, from any folder."""

from __future__ import annotations

import click

from casebook.cli.arguments import CaseCommand, CaseName, extra_needed, host_option, port_option

MEGABYTE = 1 << 20


class ServedName(CaseName):
    """The name of a case, or of a registered model that was fitted on a data frame."""

    beside = "the name of a model that was logged from a notebook"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name.

        Raises:
            ClickException: there is no such case, and no such model.
        """
        if value not in self.names:
            # Only then is MLflow worth the seconds of its import.
            from casebook.model_registry.champion import open_registry
            from casebook.model_registry.registry import is_registered

            open_registry()
            if is_registered(value):
                return value
        return super().convert(value, param, ctx)


@click.command(cls=CaseCommand)
@click.argument("case", metavar="CASE", type=ServedName())
@port_option(5001)
@host_option
@click.option(
    "--alias",
    default="champion",
    show_default=True,
    metavar="NAME",
    help="Which version answers: champion, or challenger for the newest.",
)
@click.option(
    "--max-megabytes",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    default=16,
    show_default=True,
    help="Largest request that is accepted; others get 413.",
)
@extra_needed("serve", "serving")
def serve(case: str, port: int, host: str, alias: str, max_megabytes: int) -> None:
    """Serve a champion over HTTP: raw rows in, predictions out."""
    from casebook.compute.gc_tuning import freeze_gc
    from casebook.model_registry.champion import NoChampionError, load_champion, open_registry

    open_registry()
    try:
        champion = load_champion(case, alias)
    except NoChampionError as error:
        raise click.ClickException(str(error)) from None
    import uvicorn

    from casebook.serving.app import create_app
    from casebook.serving.responses import warm_up

    warm_up(champion)
    click.echo(f"{case} version {champion.version} (trained on {champion.origin or 'unknown rows'})")
    app = create_app(champion, max_megabytes * MEGABYTE)
    freeze_gc()
    uvicorn.run(app, host=host, port=port, access_log=False, timeout_keep_alive=75, timeout_graceful_shutdown=5)
