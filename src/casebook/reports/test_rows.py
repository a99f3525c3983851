"""The test rows as the page shows them: their strongest raw columns, what the split keeps together, a fingerprint."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.data.split_keys import find_split_keys
from casebook.data.splitting import TEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.config.schema import SplitParameters

MAX_COLUMNS = 12
# Segments, effects and the rows of largest error are those of so many test rows; scores are of all.
MAX_ROWS = 100_000
WORST_ROWS = 50
KEY, ROW, WORD = "key", "row", "word"


def select_columns(
    joined_rows: pd.DataFrame,
    split_assignment: pd.DataFrame,
    importance: pd.DataFrame,
    target: str,
    losses: Callable[[], np.ndarray],
) -> pd.DataFrame:
    """Select the test rows with the raw columns that the network leans on most.

    Of images and texts, which have no such columns, the rows of largest loss are selected with all columns.

    Args:
        joined_rows: typed raw rows.
        split_assignment: `part` of each.
        importance: see `permute_importance`; empty for images and texts.
        target: the column to leave out.
        losses: computes the loss of each test row.

    Returns:
        At most `MAX_ROWS` evenly spaced test rows, or `WORST_ROWS`; the index is their place among the test rows.
    """
    test = np.flatnonzero(split_assignment["part"] & TEST)
    if importance.empty:
        places = np.sort(np.argsort(-losses(), kind="stable")[:WORST_ROWS])
        columns = [name for name in joined_rows if name != target]
    else:
        places = np.arange(0, len(test), -(-len(test) // MAX_ROWS))
        strongest = [name for name in importance["raw_column"] if name in joined_rows and name != target]
        columns = strongest[:MAX_COLUMNS]
    return joined_rows[columns].iloc[test[places]].set_axis(places, axis=0)


def number_test_rows(
    feature_table: pd.DataFrame, split_assignment: pd.DataFrame, settings: SplitParameters, duplicates: str
) -> pd.DataFrame:
    """Number the test rows and the keys by which the split was made.

    Returns:
        `row`, the place among all rows; `key`, as text, or that place; and `word`, what a key is: `person`, `week` ...
    """
    rows = np.flatnonzero(split_assignment["part"] & TEST)
    keys = find_split_keys(feature_table, settings, duplicates)
    values: object = rows
    if keys.of_rows is not None:
        values = keys.of_rows.iloc[rows].reset_index(drop=True).astype("str").astype("category")
    return pd.DataFrame({ROW: rows, KEY: values, WORD: pd.Categorical([keys.word] * len(rows))})


def fingerprint_rows(test_keys: pd.DataFrame, actual: np.ndarray) -> str:
    """Compute a digest of places and targets, the same for two runs on the same test rows."""
    digest = sha256(test_keys[ROW].to_numpy(np.int64).tobytes())
    digest.update(actual.astype(np.float64).tobytes())
    return digest.hexdigest()[:16]
