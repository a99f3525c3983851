"""Inferring what a case is: from tables to columns with type and role, joins, target, split and leak suspects."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.joins import InferredJoin, infer_join, join_on
from casebook.schema_inference.leaks import Suspect, find_suspects
from casebook.schema_inference.roles import FEATURE, InferredRole, infer_role
from casebook.schema_inference.schema import Column, Schema, Wishes
from casebook.schema_inference.split_choice import choose_split
from casebook.schema_inference.targets import find_target, infer_target
from casebook.schema_inference.types import infer_type
from casebook.schema_inference.values import ColumnValues

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.config.schema.table_declaration import DataParameters
    from casebook.schema_inference.reading import RawTable
    from casebook.schema_inference.splits import InferredSplit
    from casebook.schema_inference.targets import Target

SAME_ROWS = 20_000


def infer_schema(tables: Sequence[RawTable], wishes: Wishes, declared: DataParameters | None = None) -> Schema:
    """Infer everything that a declaration says.

    Args:
        tables: the one of the rows first.
        wishes: what the user says.
        declared: what a case says of its tables already: joins and roles are as it has them.

    Raises:
        SchemaInferenceError: the target cannot be predicted, a column is not there, or a table cannot be joined.
    """
    first, *others = tables
    _refuse_repeated_names(tables)
    columns = infer_columns(first)
    for name, what in ((wishes.target, "the target"), (wishes.time, "--time"), (wishes.group, "--group")):
        if name:
            find_target(columns, name, first.path.name, what)
    own = {name: column.data for name, column in columns.items()}
    target = infer_target(own[wishes.target], columns[wishes.target].type, wishes.task)
    columns[wishes.target] = replace(columns[wishes.target], role=InferredRole("target"))
    columns = _apply_roles(columns, declared) if declared else columns | _ignore_copies(columns)
    columns, split = choose_split(columns, target, wishes)
    joins = {table.name: _join(own, table, declared) for table in others}
    for table in others:
        columns |= _apply_roles(_join_columns(table, joins[table.name], own), declared)
    suspects = _find_suspects(columns, joins, target, split)
    return Schema(tables, joins, columns, target, split, suspects)


def infer_columns(table: RawTable) -> dict[str, Column]:
    """Infer type and role of each column of a table from itself alone."""
    return {name: _infer_column(values, table.name) for name, values in _split_columns(table).items()}


def _infer_column(values: ColumnValues, table: str) -> Column:
    inferred = infer_type(values)
    return Column(values, inferred, infer_role(values, inferred), table)


def _ignore_copies(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Ignore each feature that holds in every row what one before it holds."""
    first: dict[bytes, str] = {}
    found: dict[str, Column] = {}
    for name, column in columns.items():
        if column.role == FEATURE:
            codes, order = pd.factorize(np.append(column.data.codes, -1))
            values = "\0".join(column.data.texts[place] if place >= 0 else "" for place in order)
            kept = first.setdefault(blake2b(values.encode() + codes.tobytes()).digest(), name)
            if kept != name:
                found[name] = replace(column, role=InferredRole("ignore", f"a copy of {kept}"))
    return found


def _split_columns(table: RawTable) -> dict[str, ColumnValues]:
    decimal = table.dialect.decimal if table.dialect else "."
    return {str(name): ColumnValues.of(table.columns[name], decimal) for name in table.columns}


def _apply_roles(columns: dict[str, Column], declared: DataParameters | None) -> dict[str, Column]:
    """Replace roles by those that are declared; a column that is not listed is a feature."""
    if declared is None:
        return columns
    listed = declared.for_columns(columns).columns
    said = {name: listed[name].role if name in listed else "feature" for name in columns}
    return {
        name: column
        if column.role.role in (said[name], "target")
        else replace(column, role=FEATURE if said[name] == "feature" else InferredRole(said[name], "as declared"))
        for name, column in columns.items()
    }


def _join(rows: Mapping[str, ColumnValues], table: RawTable, declared: DataParameters | None) -> InferredJoin:
    columns = _split_columns(table)
    if declared is None:
        return infer_join(rows, columns, table.name)
    said = declared.tables[table.name]
    return join_on(rows, columns, said.join_on, said.prefix, table.name)


def _refuse_repeated_names(tables: Sequence[RawTable]) -> None:
    names = [table.name for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SchemaInferenceError(
            f"two files are both called {twice[0]}; rename one, since tables go by their files' names"
        )


def _join_columns(table: RawTable, join: InferredJoin, rows: Mapping[str, ColumnValues]) -> dict[str, Column]:
    """Infer the columns that a joined table brings, under their names in the joined rows."""
    found: dict[str, Column] = {}
    for name, values in _split_columns(table).items():
        if name in join.on.values():
            continue
        inferred = infer_type(values)
        role = infer_role(values, inferred)
        if role.role in ("key", "group", "split"):
            role = FEATURE
        if role == FEATURE and len(join.on) == 1 and values.is_unique and inferred.type == "category":
            role = InferredRole("ignore", f"one for one with {next(iter(join.on))}")
        if role == FEATURE and name in rows and _is_same(values, rows[name], join):
            role = InferredRole("ignore", f"the same as {name} of the rows")
        renamed = f"{join.prefix}{name}"
        found[renamed] = Column(values.rename(renamed), inferred, role, table.name)
    return found


def _is_same(values: ColumnValues, other: ColumnValues, join: InferredJoin) -> bool:
    """Return whether a joined column repeats one of the rows, on the first rows that have a partner."""
    rows = np.flatnonzero(join.places >= 0)[:SAME_ROWS]
    joined, own = values.take(join.places[rows]), other.take(rows)
    if not len(rows) or (values.numbers is None) != (other.numbers is None):
        return False
    if values.numbers is not None:
        left, right = joined.by_row(joined.parsed_numbers), own.by_row(own.parsed_numbers)
        return bool(np.array_equal(left, right, equal_nan=True))
    return bool((np.append(values.texts, "")[joined.codes] == np.append(other.texts, "")[own.codes]).all())


def _find_suspects(
    columns: Mapping[str, Column], joins: Mapping[str, InferredJoin], target: Target, split: InferredSplit
) -> list[Suspect]:
    """Look for leaks among the features, the time included, each with a value a row."""
    looked_at = {name: column for name, column in columns.items() if column.role.role in ("feature", "time")}
    values = {
        name: column.data.take(joins[column.table].places) if column.table in joins else column.data
        for name, column in looked_at.items()
    }
    types = {name: column.type for name, column in looked_at.items()}
    return find_suspects(values, types, target, split.column if split.strategy == "time" else "")
