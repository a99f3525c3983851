"""Typing, checking and joining the raw tables of a declared case, as its schema of a joined row says."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import InvalidTableError, distinct
from casebook.column_types.parsing import conform_table
from casebook.data.forbidden_values import find_forbidden
from casebook.data.row_description import kind_of_numbers
from casebook.data.source_names import name_source, source_of
from casebook.data.target_classes import number_target

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from casebook.config.schema.table_declaration import DataParameters, TableParameters
    from casebook.preprocessing.row_schema import RowSchema

EXAMPLES = 3
TRAIN, TEST = "train", "test"


def type_table(
    raw: pd.DataFrame, table: str, schema: RowSchema, data: DataParameters, target: str = "", task: str = "regression"
) -> pd.DataFrame:
    """Type and check a raw table.

    Args:
        raw: values as they stand in the file.
        table: its name in the declaration.
        schema: of a joined row.
        data: the declaration.
        target: a column that holds numbers, or labels to be numbered.
        task: binary, multiclass or regression.

    Returns:
        The columns that the joined rows have of it under their names there, and the keys by which it is joined under
        the names that they have in the rows; the target as float64, NaN where it is null.

    Raises:
        InvalidTableError: a value is not of its column's type, or is none that it may be.
    """
    said = data.tables[table]
    keys = {right: left for left, right in said.join_on.items()}
    names = {str(name): f"{said.prefix}{name}" for name in raw.columns if name not in keys}
    kinds = {raw_name: schema.columns[name] for raw_name, name in names.items() if name in schema.columns}
    kinds |= {right: schema.columns[left] for right, left in keys.items()}
    file = source_of(raw, said.file)
    data = data.for_columns([*names.values(), *keys.values()])
    typed = conform_table(raw[list(kinds)], kinds, file).rename(columns={**names, **keys})
    raw_target = next((raw_name for raw_name, name in names.items() if name == target), None)
    if raw_target is not None:
        place = f"{file}, column {target}"
        kind = kind_of_numbers(data.columns.get(target), said.decimal) if task == "regression" else "category"
        classes = schema.classes or ((0, 1) if task == "binary" else ())
        others_missing = target in data.columns and data.columns[target].others == "missing"
        typed = typed.assign(**{target: number_target(raw[raw_target], classes, kind, place, others_missing)})
    order = [*keys.values(), *names.values()]
    typed = typed[[name for name in order if name in typed]]
    wrong = [
        told
        for name in typed
        if name in data.columns
        for told in find_forbidden(typed[name], data.columns[name], f"{file}, column {name}")
    ]
    if wrong:
        raise InvalidTableError("\n".join(wrong))
    if said.unique:
        refuse_repeated(typed[[keys.get(name, names.get(name, name)) for name in said.unique]], file)
    return name_source(typed, file)


def refuse_repeated(columns: pd.DataFrame, file: str) -> None:
    """Refuse rows whose values in some columns stand in a row before them.

    Raises:
        InvalidTableError: names the first of them, and counts them.
    """
    repeated = columns[columns.duplicated()]
    if len(repeated):
        raise InvalidTableError(
            f"{file}, column{'s' * (columns.shape[1] > 1)} {' and '.join(map(str, columns))}: "
            f"{show_keys(repeated.iloc[0])} stands in more than one row ({len(repeated)} rows too many); "
            "keep one row each"
        )


def join_tables(
    typed: Mapping[str, pd.DataFrame], data: DataParameters, finders: Mapping[str, RowFinder] | None = None
) -> pd.DataFrame:
    """Join all tables to the first, each row of which keeps its place.

    Args:
        typed: by name, the table of the rows first.
        data: the declaration.
        finders: of tables whose keys are looked up more than once.

    Raises:
        InvalidTableError: a key stands twice in a joined table, or a row has no partner and `unmatched` refuses that.
    """
    first, *others = typed
    rows, file = typed[first].reset_index(drop=True), source_of(typed[first], data.tables[first].file)
    for table in others:
        said, one = data.tables[table], typed[table]
        keys = list(said.join_on)
        refuse_missing(rows, keys, file, f"by which {said.file} is joined")
        finder = (finders or {}).get(table) or RowFinder(one[keys], said)
        places = finder.find(rows[keys])
        found = places >= 0
        if not found.all() and said.unmatched != "missing":
            if said.unmatched == "refuse":
                raise InvalidTableError(describe_unmatched(rows.loc[~found, keys], file, table, said))
            rows, places = rows[found].reset_index(drop=True), places[found]
        taken = {
            str(name): pd.Series(pd.api.extensions.take(one[name].array, places, allow_fill=True), copy=False)
            for name in one.columns.difference(keys, sort=False)
        }
        rows = pd.concat([rows, pd.DataFrame(taken, copy=False)], axis=1)
    return rows


def refuse_missing(rows: pd.DataFrame, names: Collection[str], file: str, purpose: str) -> None:
    """Refuse rows without columns that they must have.

    Args:
        rows: typed.
        names: of the columns.
        file: that the rows are of.
        purpose: what the columns are for.

    Raises:
        InvalidTableError: names the file, the columns, and those that it has.
    """
    missing = [name for name in names if name not in rows]
    if missing:
        there = ", ".join(map(str, rows.columns))
        raise InvalidTableError(f"{file} lacks {', '.join(missing)}, {purpose}; it has {there}: add what is missing")


class RowFinder:
    """Finds the rows of a table by their keys."""

    def __init__(self, one: pd.DataFrame, said: TableParameters) -> None:
        """Store the columns of the keys, and how the table is declared."""
        self._one, self._said = one, said

    def __getstate__(self) -> dict[str, object]:
        """Return what is pickled: no index, which is built where it is needed."""
        return {"_one": self._one, "_said": self._said}

    @cached_property
    def _columns(self) -> list[tuple[np.ndarray, pd.Index]]:
        return [(codes, _plain(values)) for codes, values in (distinct(self._one[name]) for name in self._one)]

    @cached_property
    def _index(self) -> tuple[np.ndarray, pd.Index]:
        """The rows that have all keys, and an index of these.

        Raises:
            InvalidTableError: keys stand twice in the table.
        """
        one, right = self._one, np.zeros(len(self._one), dtype=np.int64)
        for codes, values in self._columns:
            right = _combine(right, codes, values)
        known = np.flatnonzero(right >= 0)
        keys = pd.Index(right[known])
        if not keys.is_unique:
            first, more = known[keys.duplicated(keep=False)][0], int(keys.duplicated().sum())
            raise InvalidTableError(
                f"{self._said.file}: {show_keys(one.iloc[first])} stands {int((right == right[first]).sum())} times "
                f"({more} rows too many); keep one row for each {' and '.join(one.columns)}, or add the column that "
                "tells them apart to join_on"
            )
        return known, keys

    def find(self, many: pd.DataFrame) -> np.ndarray:
        """Find the row that has the same keys.

        Returns:
            int of shape (rows of many,), -1 where there is none or a key is null.

        Raises:
            InvalidTableError: keys stand twice in the table.
        """
        known, keys = self._index
        left = np.zeros(len(many), dtype=np.int64)
        for (_, values), name in zip(self._columns, many.columns, strict=True):
            own, others = distinct(many[name])
            left = _combine(left, np.append(values.get_indexer(_plain(others)), -1)[own], values)
        places = keys.get_indexer(pd.Index(left))
        return np.where((places >= 0) & (left >= 0), known[places] if len(known) else -1, -1)


def find_rows(many: pd.DataFrame, one: pd.DataFrame, said: TableParameters) -> np.ndarray:
    """Find the row of `one` that has the same keys; see `RowFinder.find`."""
    return RowFinder(one, said).find(many)


def _combine(codes: np.ndarray, found: np.ndarray, values: pd.Index) -> np.ndarray:
    """Number the pairs of keys so far with the next one, -1 where either is null or unknown."""
    return np.where((codes < 0) | (found < 0), -1, codes * len(values) + found)


def _plain(values: pd.Index) -> pd.Index:
    """Make texts of categories, whose indexes are looked up more slowly."""
    return values.astype("str") if isinstance(values.dtype, pd.CategoricalDtype) else values


def describe_unmatched(keys: pd.DataFrame, file: str, table: str, said: TableParameters) -> str:
    """Say which rows of a file have no partner in the joined table's, and what to do."""
    examples = "; ".join(
        show_keys(keys.drop_duplicates().iloc[row]) for row in range(min(EXAMPLES, len(keys.drop_duplicates())))
    )
    return (
        f"{file}, column {' and '.join(keys.columns)}: {len(keys)} rows have no partner in {said.file} (first: "
        f"{examples}); add the missing rows there, or give data.tables.{table}.unmatched=missing to keep them, or "
        "=drop to leave them out"
    )


def show_keys(keys: pd.Series) -> str:
    """Write the keys of one row, as in `origin JFK, an empty hour`."""
    return ", ".join(f"an empty {name}" if pd.isna(value) else f"{name} {value}" for name, value in keys.items())
