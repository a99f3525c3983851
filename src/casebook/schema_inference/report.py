"""What was found in a table, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from casebook.schema_inference.roles import MOSTLY_NULL_SHARE
from casebook.schema_inference.splits import describe_copies
from casebook.schema_inference.targets import write_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casebook.schema_inference.schema import Column, Schema

# Where the output is no terminal: wide enough for the reasons.
FILE_WIDTH = 140
MIN_SHOWN_SHARE = 0.0005


def print_schema(schema: Schema, console: Console | None = None) -> None:
    """Print a line a column, then what concerns the whole table."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=FILE_WIDTH)
    console.print(make_table(schema))
    for line in summarize(schema):
        console.print(Text(line), soft_wrap=True)


def make_table(schema: Schema) -> Table:
    """List the columns with type, role, nulls, distinct values, and why."""
    table = Table("column", "type", "role", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("null", justify="right")
    table.add_column("distinct", justify="right")
    table.add_column("why")
    suspects = {suspect.column: suspect.evidence for suspect in schema.suspects}
    for name, column in schema.columns.items():
        evidence = suspects.get(name, "")
        why = Text(f"LEAK? {evidence}", style="bold red") if evidence else Text(_explain(column))
        table.add_row(
            Text(name), column.type.type, column.role.role, _write_share(column.data.nulls, len(column.data)),
            f"{len(column.data.distinct):,}", why,
        )  # fmt: skip
    return table


def summarize(schema: Schema) -> Iterator[str]:
    """Say what concerns the whole table, a line each."""
    target, split = schema.target, schema.split
    nulls = f"; {target.nulls:,} rows without it are set aside" if target.nulls else ""
    yield f"{schema.rows:,} rows. Target {target.column.name}: {target.task} ({target.why}){nulls}."
    if target.set_aside:
        yield f"Set aside, no class of so few rows can be learnt: {write_rows(target.set_aside)}."
    if target.rare:
        yield f"Few rows of a class: {write_rows(target.rare)}; training, validation and test need some each."
    for table in schema.tables[1:]:
        join = schema.joins[table.name]
        on = " and ".join(left if left == right else f"{left} = {right}" for left, right in join.on.items())
        yield f"{table.name} is joined by {on}; {join.unmatched:,} rows have none there."
    of = f" of {split.column}" if split.column else ""
    yield f"Split: {split.strategy}{of}; {split.why}."
    if split.copies:
        yield f"{describe_copies(split)}."
    if schema.suspects:
        names = ", ".join(suspect.column for suspect in schema.suspects)
        yield f"Leak suspects, left open: {names}. Close one that is not known when a prediction is made by role: leak."
    else:
        yield "No column is suspected as a leak."


def _write_share(rows: int, of: int) -> str:
    """Write a share of rows in percent; none where there are no rows, and no 0.0% where there are some."""
    return "" if not rows else f"{rows / of:.1%}" if rows / of >= MIN_SHOWN_SHARE else "<0.1%"


def _explain(column: Column) -> str:
    why = column.role.why or column.type.why
    if column.role.role == "feature" and column.data.nulls > MOSTLY_NULL_SHARE * len(column.data):
        return f"{why}; mostly null" if why else "mostly null"
    order = f": {' < '.join(column.type.order[:8])}{' ...' * (len(column.type.order) > 8)}" if column.type.order else ""
    return why + order
