"""Many-to-one joins with a lookup table (activities with people, days with stores).

Rows are matched by the value of the key, as its column type parses it: the store `1.0` is the store 1, in a raw
file as in a typed table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import InvalidTableError, distinct
from casebook.column_types.kinds import COLUMN_TYPES

if TYPE_CHECKING:
    from casebook.column_types.column_type import ColumnType
    from casebook.column_types.kinds import Kind


@dataclass(frozen=True)
class LookupTable:
    """Lookup table of a join, indexed by its key.

    Attributes:
        kind: column type of the key.
        keys: parsed, each once.
        columns: the others, a row a key.
    """

    kind: Kind
    keys: pd.Index
    columns: pd.DataFrame

    @classmethod
    def index(cls, table: pd.DataFrame, key: str, prefix: str, name: str, kind: Kind) -> LookupTable:
        """Index a table by its key, raw or typed.

        Args:
            table: at most one row a key.
            key: its column, of the type `kind`.
            prefix: put before every other column.
            name: what to call the table in errors.
            kind: column type of the key.

        Raises:
            InvalidTableError: a key occurs twice, or is invalid.
        """
        keys = COLUMN_TYPES[kind].parse_column(table[key], f"{name}, column {key}")
        refuse_repeated_keys(keys, name)
        return cls(kind, _index(keys), table.drop(columns=key).add_prefix(prefix))

    def find(self, keys: pd.Series) -> np.ndarray:
        """Look up the position of each row's key.

        Returns:
            int of shape (rows,), -1 where the key is unknown, null or not of its type.
        """
        codes, values = distinct(keys)
        parsed, wrong = _parse_distinct(values, COLUMN_TYPES[self.kind])
        places = self.keys.get_indexer(parsed)
        places[wrong] = -1
        by_row: np.ndarray = np.append(places, -1)[codes]
        return by_row


def come_joined(rows: pd.DataFrame, columns: pd.DataFrame, file: str, table: str) -> bool:
    """Return whether rows have another table's columns already, so that they are not joined to it.

    Args:
        rows: that may have them.
        columns: of the other table, under their names in joined rows.
        file: that the rows are of.
        table: the other table's file.

    Raises:
        InvalidTableError: they have some of them.
    """
    found = [str(name) for name in columns if name in rows]
    lacking = [str(name) for name in columns if name not in rows]
    if found and lacking:
        raise InvalidTableError(
            f"{file} has {', '.join(found)} of {table}, but lacks {', '.join(lacking)}; give rows with all of its "
            f"columns, or with none"
        )
    return bool(found)


def write_keys(keys: pd.Series) -> pd.Series:
    """Write keys as texts, as ids are read: 7, 7.0 and " 7 " are one key, in whatever file each stands."""
    if keys.dtype.kind == "f":
        # Whole numbers that became floats beside a null.
        whole = (keys % 1 == 0).to_numpy()
        return keys.astype("str").mask(whole, keys.where(whole, 0).astype("int64").astype("str"))
    texts = keys if isinstance(keys.dtype, pd.StringDtype) else keys.astype("str")
    return COLUMN_TYPES["id"].parse_column(texts, str(keys.name)).astype("str")


def refuse_repeated_keys(keys: pd.Series, name: str) -> None:
    """Raise when a key occurs twice in the lookup table."""
    repeated = keys[keys.duplicated()]
    if len(repeated):
        raise InvalidTableError(
            f"{name}: {keys.name} {repeated.iloc[0]} occurs {int((keys == repeated.iloc[0]).sum())} times "
            f"({repeated.nunique()} repeated keys); keep one row each"
        )


def _parse_distinct(values: pd.Index, key_type: ColumnType) -> tuple[pd.Index, np.ndarray]:
    """Parse distinct keys -> parsed keys, and a mask of those that are none."""
    column = pd.Series(values)
    if key_type.is_certain(column):
        return _index(key_type.parse_column(column, "")), np.zeros(len(values), dtype=bool)
    parsed, wrong = key_type.parse_distinct(values)
    return _index(key_type.spread_parsed(column, np.arange(len(values)), parsed)), wrong


def _index(keys: pd.Series) -> pd.Index:
    """Build an index of parsed keys; one of categories is looked up more slowly than one of texts."""
    return pd.Index(keys.astype("str") if isinstance(keys.dtype, pd.CategoricalDtype) else keys)
