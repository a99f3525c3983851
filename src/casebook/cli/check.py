"""`casebook check CASE`: look at the tables of a case that exists, as `casebook init` does at new ones."""

from __future__ import annotations

import click


@click.command()
@click.argument("case", metavar="CASE")
@click.option("--env", "environment", default="local", show_default=True, metavar="NAME", help="Environment over base.")
def check(case: str, environment: str) -> None:
    """Look for leaks and wrong guesses in a case's tables.

    Of a declared case its raw files are read; of one with Python of its own the features that its last run made.
    """
    from casebook.schema_inference import SchemaInferenceError, check_case, print_schema

    try:
        print_schema(check_case(case, environment))
    except SchemaInferenceError as error:
        raise click.ClickException(str(error)) from None
