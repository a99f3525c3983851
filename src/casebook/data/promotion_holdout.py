"""Promotion rows: a share of a case's keys that no run trains, validates or tests on, whatever its parameters."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from casebook.data.splitting import PARTS, PROMOTION, TEST, EmptySplitError, hash_rows, holds_arrays, split_keys

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
    for name, part in PARTS.items():
        if (split_assignment & part).any() and not (assignment & part).any():
            raise EmptySplitError(f"split: promotion_share {share} leaves no rows for {name}; use more rows or less")
    return assignment


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
    return hash_rows(pd.DataFrame({name: _plain(rows[name]) for name in sorted(rows.columns)}))


def _plain(column: pd.Series) -> pd.Series:
    if holds_arrays(column):
        digests = [hashlib.blake2b(np.ascontiguousarray(cell).tobytes(), digest_size=8).hexdigest() for cell in column]
        return pd.Series(digests, column.index, dtype=object)
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("datetime64[s]")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    return column
