"""`casebook init FILE --target COLUMN`: declare a case from a table of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

TASKS = ("binary", "multiclass", "regression")


@click.command()
@click.argument("files", metavar="FILE [FILE ...]", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="COLUMN", help="Column that is predicted.")
@click.option("--name", metavar="NAME", help="Of the case; by default the first file's.")
@click.option("--time", default="", metavar="COLUMN", help="When a row happened: its last part becomes the test.")
@click.option("--group", default="", metavar="COLUMN", help="Whose rows stay on one side of the split.")
@click.option("--task", type=click.Choice(TASKS), help="By default what the target's values say.")
@click.option("--env", default="base", show_default=True, metavar="NAME", help="Folder of conf/ to write to.")
@click.option("--force", is_flag=True, help="Replace the case's parameters where there are some.")
def init(files: tuple[Path, ...], name: str | None, env: str, force: bool, **wishes: Any) -> None:  # noqa: ANN401
    """Declare a case from your own table.

    The first FILE holds the rows, the others are joined to it: CSV in any dialect (.gz, .zip), Parquet or Excel. Types,
    roles, joins, split and leak suspects are guessed and written to conf/base/<name>/parameters.yml, each with its
    reason.
    """
    from casebook.schema_inference import SchemaInferenceError, Wishes, declare_case, print_schema

    try:
        schema, place = declare_case(files, Wishes(**wishes), name, env, force)
    except SchemaInferenceError as error:
        raise click.ClickException(str(error)) from None
    print_schema(schema)
    click.echo(f"\n{place} is written: read it, then kedro run --pipeline={place.parent.name}")
