"""`casebook cluster up|down|status`: a whole cluster on this machine, for as long as it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from casebook.cli.arguments import extra_needed

if TYPE_CHECKING:
    from casebook.cluster.local import LocalCluster


@click.group()
def cluster() -> None:
    """Start, stop or look at a cluster on this machine: PostgreSQL, MLflow server, Dask scheduler and workers."""


@cluster.command()
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    default=2,
    show_default=True,
    help="Processes that train, each with its share of the cores.",
)
@extra_needed("cluster", "a cluster")
def up(workers: int) -> None:
    """Start what is not running yet, and print the variables to export."""
    from casebook.cluster.local import ClusterError
    from casebook.cluster.postgresql import NoServerError

    cluster = _open()
    try:
        variables = cluster.up(workers, lambda text: click.echo(text, err=True))
    except (ClusterError, NoServerError) as error:
        raise click.ClickException(str(error)) from None
    for name, value in variables.items():
        click.echo(f"export {name}={value}")
    click.echo(
        f"written to {cluster.variables_file}, which --env=cluster reads where they are not set:\n"
        "  kedro run --env=cluster --pipeline=redhat_study",
        err=True,
    )


@cluster.command()
@click.option("--keep", is_flag=True, help="Leave studies, runs and artifacts for the next `up`.")
@extra_needed("cluster", "a cluster")
def down(keep: bool) -> None:
    """Stop everything and remove its data."""
    _open().down(lambda text: click.echo(text, err=True), keep=keep)


@cluster.command()
@extra_needed("cluster", "a cluster")
def status() -> None:
    """List the services, their addresses and processes."""
    found = list(_open().list_services())
    for name, address, pid in found:
        click.echo(f"{name:<12} {f'process {pid}' if pid else 'gone':<16} {address}")
    if not found:
        raise click.ClickException("no cluster was started here; start one with casebook cluster up")


def _open() -> LocalCluster:
    from casebook.cluster.local import LocalCluster
    from casebook.config.paths import cluster_folder

    return LocalCluster(cluster_folder())
