"""Promotion rows: a share of a case's keys that no run trains, validates or tests on, whatever its parameters."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import InvalidTableError
from casebook.data.splitting import GIVEN, PARTS, PROMOTION, TEST, EmptySplitError, hash_rows, holds_arrays, split_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of the hash that chooses the promotion rows; never a run's own.
PROMOTION_SEED = 20_260


def hold_out_keys(split_assignment: np.ndarray, keys: pd.Series, share: float) -> np.ndarray:
    """Hold out the promotion rows: a share of the keys, the same in every run of a case.

    Args:
        split_assignment: see `assign_rows`.
        keys: of each row; rows of one key go together.
        share: of the keys; 0 holds nothing back.

    Returns:
        The assignment, with 8 where a row is held out.

    Raises:
        EmptySplitError: a part that had rows has none left.
    """
    assignment = np.where(is_promotion_row(keys, share), PROMOTION, split_assignment).astype(np.uint8)
    before, after = (
        {name: int((each & part > 0).sum()) for name, part in PARTS.items()} for each in (split_assignment, assignment)
    )
    refuse_emptied(before, after, share)
    return assignment


def refuse_emptied(before: Mapping[str, int], after: Mapping[str, int], share: float) -> None:
    """Refuse promotion rows that are all rows of a part; see `hold_out_keys`.

    Args:
        before: rows by part.
        after: those that are left.
        share: of the keys that is held out.
    """
    for name, rows in before.items():
        if rows and not after[name]:
            raise EmptySplitError(f"split: promotion_share {share} leaves no rows for {name}; use more rows or less")


def find_promotion_keys(joined_rows: pd.DataFrame, key: str, target: str) -> pd.Series:
    """Return the keys by which promotion rows are held out: a raw column, or a hash of the whole raw row.

    Raises:
        InvalidTableError: there is no such column.
    """
    if key and key not in joined_rows:
        there = ", ".join(map(str, joined_rows.columns))
        raise InvalidTableError(f"promotion.key: there is no raw column {key!r}; there are {there}")
    return joined_rows[key] if key else hash_raw_rows(joined_rows.drop(columns=[target, GIVEN], errors="ignore"))


def is_promotion_row(keys: pd.Series, share: float) -> np.ndarray:
    """Return which rows are promotion rows, by their keys: bool of shape (rows,)."""
    if not share:
        return np.zeros(len(keys), dtype=bool)
    # No seed of a run moves these: a row that one run tests on must not have been trained on by another.
    held_out: np.ndarray = split_keys(keys, share, 0.0, PROMOTION_SEED) == TEST
    return held_out


def hash_raw_rows(rows: pd.DataFrame) -> pd.Series:
    """Hash raw rows by their values alone: uint64 of shape (rows,).

    Unlike `hash_rows` it does not matter how a column is stored: whole numbers become floats once a column of the file
    has a null, and a row must not move to another side for that.
    """
    return hash_rows(pd.DataFrame({name: _plain(rows[name]) for name in sorted(rows.columns)}, copy=False))


def _plain(column: pd.Series) -> pd.Series:
    if holds_arrays(column):
        digests = [hashlib.blake2b(np.ascontiguousarray(cell).tobytes(), digest_size=8).hexdigest() for cell in column]
        return pd.Series(digests, column.index, dtype=object)
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("datetime64[s]")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    return column
