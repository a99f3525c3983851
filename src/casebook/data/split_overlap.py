"""How much of the test rows a training has seen: the overlap of keys between the sides of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.data.splitting import TEST, TRAIN, hash_rows, holds_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

# Copies are searched by hashing complete rows up to so many.
MAX_COPY_SEARCH_ROWS = 200_000


def measure_seen_share(keys: pd.Series, split_assignment: np.ndarray) -> float:
    """Compute the share of test rows whose key also occurs among the training rows."""
    codes, _ = pd.factorize(keys, use_na_sentinel=False)
    seen = np.bincount(codes[split_assignment & TRAIN > 0], minlength=int(codes.max()) + 1) > 0
    return float(seen[codes[split_assignment & TEST > 0]].mean())


def measure_overlap(table: pd.DataFrame, split_assignment: np.ndarray, keys: Mapping[str, str]) -> dict[str, float]:
    """Compute the overlap of a split: for each key, the share of test rows whose key was in training.

    Args:
        table: the split rows.
        split_assignment: see `assign_rows`.
        keys: column by the word used in the metric, e.g. {"person": "people_id"}.

    Returns:
        `seen_<word>_share` between 0 and 1; `seen_row_share` of exact copies too, where the rows are few enough.
    """
    columns = {word: table[column] for word, column in keys.items() if word not in {"time", "given"}}
    if len(table) <= MAX_COPY_SEARCH_ROWS and not any(holds_arrays(table[name]) for name in table):
        columns["row"] = hash_rows(table)
    return {f"seen_{word}_share": measure_seen_share(column, split_assignment) for word, column in columns.items()}
