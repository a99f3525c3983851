"""Validation of raw values before prediction, so that each row gets its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from casebook.column_types.column_type import distinct, shorten
from casebook.column_types.kinds import COLUMN_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import pandas as pd

    from casebook.column_types.kinds import Kind


@dataclass(frozen=True)
class InvalidValue:
    """An invalid value of a row.

    Attributes:
        row: its place, from 0.
        column: the raw column, empty where none can be named.
        reason: in one line.
    """

    row: int
    column: str
    reason: str


def find_invalid_values(rows: pd.DataFrame, kinds: Mapping[str, Kind]) -> list[InvalidValue]:
    """Find the values of a table that are invalid for their column's type; see `find_invalid`."""
    found: list[InvalidValue] = []
    for name, kind in kinds.items():
        if name not in rows or COLUMN_TYPES[kind].is_certain(rows[name]):
            continue
        if rows[name].dtype == object:
            found += find_invalid(name, kind, rows[name].tolist())
            continue
        codes, values = distinct(rows[name])
        null = not COLUMN_TYPES[kind].nullable
        wrong = np.array([not accepts(kind, value) for value in values.tolist()] + [null], dtype=bool)
        if wrong.any():
            bad = np.flatnonzero(wrong[codes])
            found += [InvalidValue(int(row), name, explain(rows[name].iloc[row], kind)) for row in bad]
    return found


def find_invalid(name: str, kind: Kind, values: Collection[object]) -> Iterator[InvalidValue]:
    """Find the values of one column that are invalid for its type. Nulls are valid, but of the type `string`.

    Categories that training did not know are valid: the preprocessor encodes them as unknown.
    """
    types = set(map(type, values))
    if types <= COLUMN_TYPES[kind].certain:
        return
    try:
        # True equals 1: the type tells them apart.
        if all(accepts(kind, value) for _, value in set(zip(map(type, values), values, strict=True))):
            return
    except TypeError:
        # Lists cannot be hashed; each is checked by itself.
        pass
    for row, value in enumerate(values):
        if not accepts(kind, value):
            yield InvalidValue(row, name, explain(value, kind))


def accepts(kind: Kind, value: object) -> bool:
    """Return whether a column of this type can hold a value."""
    return COLUMN_TYPES[kind].accepts(value)


def explain(value: object, kind: Kind) -> str:
    """Describe in one line why a value is invalid, shortened where it is long."""
    written = repr(value.item() if isinstance(value, np.generic) else value)
    return f"{shorten(written)} is not {COLUMN_TYPES[kind].expected}"
