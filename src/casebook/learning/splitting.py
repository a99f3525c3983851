"""Assigning rows to training, validation and test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

TRAIN, VALIDATION, TEST = 0, 1, 2
PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


class EmptyPartError(ValueError):
    """A split left a part without rows or without one of the classes."""


def split_rows(rows: int, test_share: float, validation_share: float, seed: int) -> np.ndarray:
    """Assign rows at random, as scikit-learn's `train_test_split` does, once for test and once for validation.

    Args:
        rows: their number.
        test_share: share of all rows held out for test.
        validation_share: share of what the test leaves.
        seed: `random_state` of both splits.

    Returns:
        uint8 of shape (rows,): 0 training, 1 validation, 2 test.
    """
    # What train_test_split does, without the second that importing scikit-learn takes.
    test_rows = math.ceil(test_share * rows)
    order = np.random.RandomState(seed).permutation(rows)
    rest = order[test_rows:]
    validation = np.random.RandomState(seed).permutation(len(rest))[: math.ceil(validation_share * len(rest))]
    parts = np.zeros(rows, dtype=np.uint8)
    parts[order[:test_rows]], parts[rest[validation]] = TEST, VALIDATION
    return parts


def split_keys(keys: pd.Series, test_share: float, validation_share: float, seed: int) -> np.ndarray:
    """Assign rows by a seeded hash of their key: a key never stands on two sides, nor moves when rows are added.

    Returns:
        uint8 of shape (rows,): 0 training, 1 validation, 2 test.
    """
    codes, values = pd.factorize(keys, use_na_sentinel=False)
    # A null among whole numbers makes them floats; that must not move the others.
    if keys.dtype.kind == "f" and (keys.dropna() % 1 == 0).all():
        values = pd.Index(values).astype("Int64").astype(object)
    # The hash key must be 16 characters; the seed makes it another split, the padding only fills it up.
    hashed = pd.util.hash_array(np.asarray(values).astype(str).astype(object), hash_key=f"{seed:016d}"[-16:])
    place = hashed / np.float64(2**64)
    parts = np.zeros(len(values), dtype=np.uint8)
    parts[place < test_share + (1 - test_share) * validation_share] = VALIDATION
    parts[place < test_share] = TEST
    return np.asarray(parts[codes])


def check_parts(parts: np.ndarray, target: np.ndarray, classes: bool) -> None:
    """Refuse a split in which a part is empty or lacks a class.

    Raises:
        EmptyPartError: names the part and what is missing.
    """
    for name, part in PARTS.items():
        values = target[parts == part]
        if len(values) == 0:
            raise EmptyPartError(f"split: no rows for {name}; use more rows or another share")
        missing = sorted(set(pd.unique(target)) - set(pd.unique(values))) if classes else []
        if missing:
            raise EmptyPartError(f"split: {name} has no row of class {missing[0]}; use more rows or another seed")


def share_seen(keys: pd.Series, parts: np.ndarray) -> float:
    """Measure the share of test rows whose key also occurs among the training rows."""
    codes, _ = pd.factorize(keys, use_na_sentinel=False)
    seen = np.bincount(codes[parts == TRAIN], minlength=int(codes.max()) + 1) > 0
    return float(seen[codes[parts == TEST]].mean())


def measure_overlap(table: pd.DataFrame, parts: np.ndarray, keys: Mapping[str, str]) -> dict[str, float]:
    """Tell what a split lets a model see: for each key, the share of test rows whose key was in training.

    Args:
        table: the split rows.
        parts: see `split_rows`.
        keys: column by the word used in the metric, e.g. {"person": "people_id"}.

    Returns:
        `seen_<word>_share` between 0 and 1.
    """
    return {f"seen_{word}_share": share_seen(table[column], parts) for word, column in keys.items()}
