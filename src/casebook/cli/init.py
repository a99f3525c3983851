"""`casebook init FILE --target COLUMN`: declare a case from a table of one's own."""

from __future__ import annotations

from pathlib import Path

import click

TASKS = ("binary", "multiclass", "regression")


@click.command()
@click.argument("files", metavar="FILE [FILE ...]", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="COLUMN", help="Column that is predicted.")
@click.option("--name", metavar="NAME", help="Of the case; by default the first file's.")
@click.option("--time", default="", metavar="COLUMN", help="When a row happened: its last part becomes the test.")
@click.option("--group", default="", metavar="COLUMN", help="Whose rows stay on one side of the split.")
@click.option("--task", type=click.Choice(TASKS), help="By default what the target's values say.")
@click.option("--env", "environment", default="base", show_default=True, metavar="NAME", help="Folder of conf/ to write to.")
@click.option("--force", is_flag=True, help="Replace the case's parameters where there are some.")
def init(
    files: tuple[Path, ...], target: str, name: str | None, time: str, group: str, task: str | None, environment: str, force: bool
) -> None:
    """Declare a case from your own table.

    The first FILE holds the rows, the others are joined to it: CSV in any dialect (.gz, .zip), Parquet or Excel. Types,
    roles, joins, split and leak suspects are guessed and written to conf/base/<name>/parameters.yml, each with its
    reason.
    """
    from casebook.schema_inference.errors import SchemaInferenceError

    try:
        _declare(files, target, name, time, group, task, environment, force)
    except SchemaInferenceError as error:
        raise click.ClickException(str(error)) from None


def _declare(
    files: tuple[Path, ...], target: str, name: str | None, time: str, group: str, task: str | None, environment: str, force: bool
) -> None:
    from casebook.cases.registry import CASES
    from casebook.schema_inference.case_files import check_name, name_file, parameters_file, refuse_replacing, write_parameters
    from casebook.schema_inference.declaration import write_declaration
    from casebook.schema_inference.reading import name_table, read_table
    from casebook.schema_inference.report import print_schema
    from casebook.schema_inference.schema import Wishes, infer_schema

    case = check_name(name or name_table(files[0]), CASES)
    place = parameters_file(case, environment)
    refuse_replacing(place, force)
    tables = [read_table(file) for file in files]
    schema = infer_schema(tables, Wishes(target, task, time, group))  # type: ignore[arg-type]
    places = {table.name: name_file(table.path, case) for table in tables}
    named = f" --name {case}" if name else ""
    command = f"casebook init {' '.join(file.name for file in files)} --target {target}{named}"
    write_parameters(write_declaration(schema, case, places, command), place, force)
    print_schema(schema)
    click.echo(f"\n{place} is written; read it, then: kedro run --pipeline={case}")
