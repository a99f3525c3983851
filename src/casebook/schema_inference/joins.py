"""How a further table is joined to the rows: the columns that name one row of it each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.schema_inference.errors import SchemaInferenceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from casebook.schema_inference.values import ColumnValues

    Columns = Mapping[str, ColumnValues]

MAX_KEY_COLUMNS = 4
# Of the rows' values of a column of another name, that the table's must have.
MIN_SHARED_VALUES = 0.9


@dataclass(frozen=True)
class InferredJoin:
    """How a table is joined many-to-one.

    Attributes:
        on: column of the rows -> column of the table.
        prefix: put before the table's other columns; empty where no name collides.
        unmatched: rows without a partner.
        places: int of shape (rows,), the row of the table that belongs to each, -1 for none.
    """

    on: Mapping[str, str]
    prefix: str
    unmatched: int
    places: np.ndarray


def infer_join(rows: Columns, table: Columns, name: str) -> InferredJoin:
    """Find the fewest columns that both tables have and that name one row of the joined one.

    Args:
        rows: columns of the table that holds the rows.
        table: columns of the joined one.
        name: of the joined one, its prefix where names collide.

    Raises:
        SchemaInferenceError: they share no column, no row finds its key there, or every shared key stands twice in the
            joined table.
    """
    shared = [{column: column} for column in rows if column in table] or _match_by_values(rows, table)
    if not shared:
        raise SchemaInferenceError(
            f"{name} shares no column with the rows: it has {', '.join(table)}, they have {', '.join(rows)}; rename "
            f"its key as the rows call it"
        )
    found: list[InferredJoin] = []
    for count in range(1, min(MAX_KEY_COLUMNS, len(shared)) + 1):
        found = list(_join_on(rows, table, name, shared, count))
        if found:
            best = min(found, key=lambda join: join.unmatched)
            if best.unmatched == len(best.places):
                raise SchemaInferenceError(_explain_strangers(rows, table, name, best.on))
            return best
    raise SchemaInferenceError(_explain_repeats(table, name, [column for pair in shared for column in pair.values()]))


def _join_on(
    rows: Columns, table: Columns, name: str, shared: Sequence[Mapping[str, str]], count: int
) -> Iterator[InferredJoin]:
    """Join on each choice of so many shared columns that names one row of the table."""
    for chosen in combinations(shared, count):
        on = {left: right for pair in chosen for left, right in pair.items()}
        if _names_rows(table, list(on.values())):
            collide = (set(table) - set(on.values())) & set(rows)
            yield _join(rows, table, on, f"{name}_" if collide else "")


def join_on(rows: Columns, table: Columns, on: Mapping[str, str], prefix: str, name: str) -> InferredJoin:
    """Join as it is declared.

    Raises:
        SchemaInferenceError: a key is not there, or stands twice in the joined table.
    """
    lacking = [f"{name} lacks {right}" for right in on.values() if right not in table]
    lacking += [f"the rows lack {left}" for left in on if left not in rows]
    if lacking:
        raise SchemaInferenceError(f"{name} cannot be joined: {lacking[0]}; change join_on")
    if not _names_rows(table, list(on.values())):
        raise SchemaInferenceError(_explain_repeats(table, name, list(on.values())))
    return _join(rows, table, on, prefix)


def _names_rows(table: Columns, keys: Sequence[str]) -> bool:
    """Return whether each row has keys of its own."""
    combined = combine([table[key] for key in keys])
    return len(np.unique(combined)) == len(combined) and all(table[key].nulls == 0 for key in keys)


def _join(rows: Columns, table: Columns, on: Mapping[str, str], prefix: str) -> InferredJoin:
    places = _find_places([rows[left] for left in on], [table[right] for right in on.values()])
    return InferredJoin(on, prefix, int((places < 0).sum()), places)


def combine(columns: Sequence[ColumnValues]) -> np.ndarray:
    """Number the combinations of some columns' values: int64 of shape (rows,)."""
    combined = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        combined = np.unique(combined * (len(column.distinct) + 1) + column.codes + 1, return_inverse=True)[1]
    return combined


def _find_places(left: Sequence[ColumnValues], right: Sequence[ColumnValues]) -> np.ndarray:
    """Find the row of the table that has each row's key, -1 where none has."""
    by_row, of_table = np.zeros(len(left[0]), np.int64), np.zeros(len(right[0]), np.int64)
    for mine, theirs in zip(left, right, strict=True):
        values = _comparable(theirs)
        codes = np.append(values.get_indexer(_comparable(mine)), -1)[mine.codes]
        width = len(values) + 1
        # Numbered anew after each column, so that the products stay small.
        keys, of_table = np.unique(of_table * width + theirs.codes, return_inverse=True)
        # A null has a code that no key of the table has, and so has what was not found before.
        by_row = pd.Index(keys).get_indexer(by_row * width + codes)
    return np.append(np.argsort(of_table), -1)[by_row]


def _comparable(column: ColumnValues) -> pd.Index:
    """Return distinct values that are the same in both tables, whether as numbers or as texts."""
    return pd.Index(column.numbers) if column.numbers is not None else pd.Index(column.texts)


def _match_by_values(rows: Columns, table: Columns) -> list[dict[str, str]]:
    """Find columns of other names that hold the same values: the table's unique, the rows' nearly all among them."""
    for right, theirs in table.items():
        if not theirs.is_unique or theirs.nulls or len(theirs) < 2:
            continue
        for left, mine in rows.items():
            related = left.lower() in right.lower() or right.lower() in left.lower() or mine.numbers is None
            alike = (mine.numbers is None) == (theirs.numbers is None) and len(mine.distinct) > 2 and related
            if alike and pd.Index(_comparable(mine)).isin(_comparable(theirs)).mean() >= MIN_SHARED_VALUES:
                return [{left: right}]
    return []


def _explain_strangers(rows: Columns, table: Columns, name: str, on: Mapping[str, str]) -> str:
    """Show the keys of both sides, of which none is the same."""
    mine, theirs = (
        ", ".join(columns[key].texts[0] for key in keys) for columns, keys in ((rows, on), (table, on.values()))
    )
    return (
        f"{name} cannot be joined: not one row finds its {', '.join(on)} there (the rows have {mine}, {name} has "
        f"{theirs}); write both in one way, or leave {name} out"
    )


def _explain_repeats(table: Columns, name: str, shared: Sequence[str]) -> str:
    """Say which key comes nearest to naming one row, and where it repeats."""
    nearest = max(shared, key=lambda column: len(table[column].distinct))
    column = table[nearest]
    if column.nulls and column.nulls + len(column.distinct) == len(column):
        return f"{name}: the key {nearest} is empty in {column.nulls} rows; fill it or remove them"
    repeated = column.counts > 1
    first = column.texts[int(np.flatnonzero(repeated)[0])]
    rows = np.flatnonzero(column.codes == int(np.flatnonzero(repeated)[0]))[:2] + 1
    return (
        f"{name} cannot be joined: no choice of the columns that it shares with the rows ({', '.join(shared)}) names "
        f"one row of it: {nearest} {first} stands in data rows {rows[0]} and {rows[1]} ({int(repeated.sum())} repeated "
        f"keys); keep one row each"
    )
