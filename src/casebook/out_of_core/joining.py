"""Joins of tables in parts: with a table that each worker holds whole, or with one that is shuffled by its keys."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from operator import getitem
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.column_type import InvalidTableError, distinct, spread
from casebook.data import declared_tables
from casebook.data.declared_tables import RowFinder
from casebook.data.stacking import stack_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.datasets.raw_parts import RawPart
    from casebook.out_of_core.recipe import PartWorkers, Recipe

ROW_NUMBER = re.compile(r"data row (\d+)")


@dataclass
class WholeTable:
    """A typed table that each worker holds, with the index of its keys.

    Attributes:
        rows: typed.
        finder: of its rows.
    """

    rows: pd.DataFrame
    finder: RowFinder = field(repr=False)


def type_part(part: RawPart, table: str, recipe: Recipe) -> pd.DataFrame:
    """Read and type the rows of a part; see `declared_tables.type_table`.

    Raises:
        InvalidTableError: a value is wrong; rows are numbered as in the table, and counted in this part of it.
    """
    labels = recipe.labels
    try:
        typed = declared_tables.type_table(part.read(), table, recipe.schema, recipe.data, labels.target, labels.task)
    except InvalidTableError as error:
        told = ROW_NUMBER.sub(lambda found: f"data row {int(found[1]) + part.first}", str(error))
        raise InvalidTableError(told) from None
    return typed.reset_index(drop=True)


def put_together(tables: Sequence[pd.DataFrame], keys: Sequence[str], table: str, recipe: Recipe) -> WholeTable:
    """Put the typed parts of a table together; where a worker is lost that holds it, Dask does it again elsewhere."""
    rows = stack_tables(tables).reset_index(drop=True)
    return WholeTable(rows, RowFinder(rows[list(keys)], recipe.data.tables[table]))


def join_whole(rows: pd.DataFrame, recipe: Recipe, tables: Mapping[str, WholeTable]) -> pd.DataFrame:
    """Join typed rows with tables that are there whole; see `declared_tables.join_tables`."""
    typed = {recipe.first: rows, **{name: table.rows for name, table in tables.items()}}
    return declared_tables.join_tables(typed, recipe.data, {name: table.finder for name, table in tables.items()})


def join_pieces(
    left: Sequence[pd.DataFrame], right: Sequence[pd.DataFrame], table: str, recipe: Recipe
) -> pd.DataFrame:
    """Join rows with the rows of another table that have keys of the same remainder."""
    rows = stack_tables(left).reset_index(drop=True)
    other = stack_tables(right).reset_index(drop=True)
    return declared_tables.join_tables({recipe.first: rows, table: other}, recipe.data)


def deal_by_keys(rows: pd.DataFrame, keys: Sequence[str], count: int) -> list[pd.DataFrame]:
    """Deal rows into so many tables by a hash of their keys, the same for the same value of whatever type."""
    remainder = hash_keys(rows[list(keys)]) % np.uint64(count)
    return [rows[remainder == number] for number in range(count)]


def hash_keys(keys: pd.DataFrame) -> np.ndarray:
    """Hash the keys of rows; uint64 of shape (rows,). Numbers are hashed as floats: 1 and 1.0 are one key."""
    found = np.zeros(len(keys), dtype=np.uint64)
    for name in keys:
        codes, values = distinct(keys[name])
        plain = np.asarray(values, np.float64) if pd.api.types.is_numeric_dtype(values.dtype) else _texts(values)
        hashed = pd.util.hash_array(plain)
        found = found * np.uint64(31) + spread(codes, hashed, np.uint64(0))
    return found


def _texts(values: pd.Index) -> np.ndarray:
    return np.asarray(values.astype("str"), dtype=object)


@dataclass(frozen=True)
class Joiner:
    """Joins the tables of a case.

    Attributes:
        recipe: of the rows.
        workers: that do it.
        parts: raw, by table.
    """

    recipe: Recipe
    workers: PartWorkers
    parts: Mapping[str, Sequence[RawPart]]

    def join(self) -> tuple[list[Any], dict[str, Any]]:
        """Join as far as tables must be shuffled.

        Returns:
            What stands for typed rows in parts, or raw parts where no table is shuffled; and for the tables that are
            still to be joined, by name.
        """
        rows: list[Any] = list(self.parts[self.recipe.first])
        whole: dict[str, Any] = {}
        is_typed = False
        for table in list(self.parts)[1:]:
            typed = self.workers.map(type_part, self.parts[table], table=table, recipe=self.recipe)
            size = sum(self.workers.gather(self.workers.map(count_bytes, typed)))
            keys = list(self.recipe.data.tables[table].join_on)
            if size <= self.workers.broadcast_bytes:
                whole[table] = self.workers.submit(put_together, typed, keys, table, self.recipe)
                continue
            if not is_typed:
                rows = self.workers.map(type_part, rows, table=self.recipe.first, recipe=self.recipe)
                is_typed = True
            if whole:
                rows, whole = self.workers.map(join_whole, rows, recipe=self.recipe, tables=whole), {}
            rows = self._shuffle(rows, typed, table, keys)
        return rows, whole

    def _shuffle(self, rows: list[Any], other: list[Any], table: str, keys: list[str]) -> list[Any]:
        """Join rows with a table by dealing both out by their keys."""
        count = max(len(rows), len(other))
        lefts = self.workers.map(deal_by_keys, rows, keys=keys, count=count)
        rights = self.workers.map(deal_by_keys, other, keys=keys, count=count)
        submit = self.workers.submit
        return [
            submit(
                partial(join_pieces, table=table, recipe=self.recipe),
                [submit(getitem, dealt, number) for dealt in lefts],
                [submit(getitem, dealt, number) for dealt in rights],
            )
            for number in range(count)
        ]


def count_bytes(table: pd.DataFrame) -> int:
    """Count the bytes of a table in memory."""
    return int(table.memory_usage(deep=True, index=False).sum())
