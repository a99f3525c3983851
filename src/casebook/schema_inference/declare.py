"""Declaring a case: from files to its parameters, written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import CASES
from casebook.schema_inference.case_files import (
    check_name,
    name_file,
    parameters_file,
    refuse_replacing,
    write_parameters,
)
from casebook.schema_inference.declaration import write_declaration
from casebook.schema_inference.infer import infer_schema
from casebook.schema_inference.reading import name_table, read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from casebook.schema_inference.schema import Schema, Wishes


def declare_case(
    files: Sequence[Path], wishes: Wishes, name: str | None = None, environment: str = "base", force: bool = False
) -> tuple[Schema, Path]:
    """Infer a case from its files and write its parameters.

    Args:
        files: the one of the rows first.
        wishes: what the user says of the rows.
        name: of the case; by default the first file's.
        environment: the folder of the configuration that it is written to.
        force: whether parameters that are there may be replaced.

    Returns:
        What was inferred, and the file that was written.

    Raises:
        SchemaInferenceError: a file is no table, no case can be made of it, or the case is there already.
    """
    case = check_name(name or name_table(files[0]), CASES)
    place = parameters_file(case, environment)
    # Before seconds of reading.
    refuse_replacing(place, force)
    tables = [read_table(file) for file in files]
    schema = infer_schema(tables, wishes)
    places = {table.name: name_file(table.path, case) for table in tables}
    named = f" --name {case}" if name else ""
    command = f"casebook init {' '.join(file.name for file in files)} --target {wishes.target}{named}"
    write_parameters(write_declaration(schema, case, places, command), place, force)
    return schema, place
