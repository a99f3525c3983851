"""Assignment of rows to training, validation and test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.compute.threads import map_in_threads
from casebook.data.key_texts import hash_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.config.schema import SplitParameters
    from casebook.preprocessing.tabular import Arrays

# Parts are bits, since the published experiments put some rows into two of them; a row in none is not used.
TRAIN, VALIDATION, TEST = 1, 2, 4
# Rows that no run uses: on them champion and challenger are compared.
PROMOTION = 8
PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
HASHED_ROWS = 32_768
# Column with the part that the data set itself assigns to a row.
GIVEN = "part"


class EmptySplitError(ValueError):
    """A split left a part without rows or without one of the classes."""


def assign_rows(
    table: pd.DataFrame,
    settings: SplitParameters,
    duplicates: str = "keep",
    labels: np.ndarray | None = None,
    last: Any = None,  # noqa: ANN401 - a time, or a number
) -> np.ndarray:
    """Assign each row to training, validation and test by the parameters.

    Args:
        table: the rows with the columns of `settings.keys`.
        settings: the case's `split` block.
        duplicates: `keep` treats exact copies as any other rows, `group` keeps all copies of a row on one side, `drop`
            uses the first of them only.
        labels: classes of the rows, which `settings.stratify` deals out alike.
        last: the latest time, where the table is a part of the rows; None where it is all of them.

    Returns:
        uint8 of shape (rows,), a sum of bits: 1 training, 2 validation, 4 test; 0 where a row is not used.
    """
    used = is_first_copy(table) if duplicates == "drop" else np.ones(len(table), dtype=bool)
    chosen = table if used.all() else table[used]
    keys = hash_rows(chosen) if duplicates == "group" and settings.strategy == "row" else None
    split_assignment = np.zeros(len(table), dtype=np.uint8)
    dealt = labels[used] if settings.stratify and settings.strategy == "row" and labels is not None else None
    split_assignment[used] = overlap_validation(_assign(chosen, settings, keys, dealt, last), settings)
    return split_assignment


def _assign(
    table: pd.DataFrame,
    settings: SplitParameters,
    keys: pd.Series | None,
    labels: np.ndarray | None,
    last: Any,  # noqa: ANN401 - a time, or a number
) -> np.ndarray:
    shares = (settings.test_share, settings.validation_share, settings.seed)
    if labels is not None:
        copies = np.arange(len(table)) if keys is None else pd.factorize(keys)[0]
        return split_classes(labels[np.unique(copies, return_index=True)[1]], *shares)[copies]
    if settings.strategy == "none":
        return np.full(len(table), TRAIN | TEST, dtype=np.uint8)
    if keys is not None:
        return split_keys(keys, *shares)
    if settings.strategy == "row":
        return split_rows(len(table), *shares)
    column = table[settings.keys[settings.strategy]]
    if settings.strategy == "time":
        return split_days(column, settings.test_days, settings.validation_days, last)
    if settings.strategy == "given":
        return split_given(column, settings.validation_share, settings.seed)
    return split_keys(column, *shares)


def overlap_validation(split_assignment: np.ndarray, settings: SplitParameters) -> np.ndarray:
    """Add validation rows from other parts, where a published experiment had it so."""
    if settings.validation_on == "held_out":
        return split_assignment
    shared = np.where(split_assignment == VALIDATION, TRAIN, split_assignment)
    if settings.validation_on == "test":
        return np.where(shared & TEST, shared | VALIDATION, shared).astype(np.uint8)
    rows = np.flatnonzero(shared & TRAIN)
    shared[rows[len(rows) - round(settings.validation_share * len(rows)) :]] |= VALIDATION
    return shared.astype(np.uint8)


def split_rows(rows: int, test_share: float, validation_share: float, seed: int) -> np.ndarray:
    """Assign rows at random, as scikit-learn's `train_test_split` does, once for test and once for validation.

    Args:
        rows: their number.
        test_share: share of all rows held out for test.
        validation_share: share of what the test leaves.
        seed: `random_state` of both splits.

    Returns:
        uint8 of shape (rows,): 1 training, 2 validation, 4 test.
    """
    # What train_test_split does, without the second that importing scikit-learn takes.
    test_rows = math.ceil(test_share * rows)
    order = np.random.RandomState(seed).permutation(rows)
    rest = order[test_rows:]
    validation = np.random.RandomState(seed).permutation(len(rest))[: math.ceil(validation_share * len(rest))]
    split_assignment = np.full(rows, TRAIN, dtype=np.uint8)
    split_assignment[order[:test_rows]], split_assignment[rest[validation]] = TEST, VALIDATION
    return split_assignment


def split_classes(labels: np.ndarray, test_share: float, validation_share: float, seed: int) -> np.ndarray:
    """Assign rows as `split_rows`, of each class the same shares, and a row at least to each part that has a share."""
    parts = np.full(len(labels), TRAIN, dtype=np.uint8)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        order = rows[np.random.RandomState(seed).permutation(len(rows))]
        test = max(1, round(test_share * len(rows))) if test_share else 0
        validation = max(1, round(validation_share * (len(rows) - test))) if validation_share else 0
        parts[order[:test]], parts[order[test : test + validation]] = TEST, VALIDATION
    return parts


def split_keys(keys: pd.Series, test_share: float, validation_share: float, seed: int) -> np.ndarray:
    """Assign rows by a seeded hash of their key: a key is never on two sides, nor does it move when rows are added.

    Returns:
        uint8 of shape (rows,): 1 training, 2 validation, 4 test.
    """
    codes, values = pd.factorize(keys, use_na_sentinel=False)
    place = hash_keys(pd.Series(values, copy=False), seed)
    split_assignment = np.full(len(values), TRAIN, dtype=np.uint8)
    split_assignment[place < test_share + (1 - test_share) * validation_share] = VALIDATION
    split_assignment[place < test_share] = TEST
    return np.asarray(split_assignment[codes])


def split_days(days: pd.Series, test_days: int, validation_days: int, last: Any = None) -> np.ndarray:  # noqa: ANN401
    """Hold out the last days for test and the days before them for validation; numbers count as days.

    Args:
        days: of each row.
        test_days: how many are held out.
        validation_days: how many before these.
        last: the last day, where these are not all rows.

    Returns:
        uint8 of shape (rows,): 1 training, 2 validation, 4 test.
    """
    since = (days.max() if last is None else last) - days
    age = (since if pd.api.types.is_numeric_dtype(since) else since.dt.days).to_numpy()
    split_assignment = np.where(age < test_days, TEST, np.where(age < test_days + validation_days, VALIDATION, TRAIN))
    return split_assignment.astype(np.uint8)


def split_given(given: pd.Series, validation_share: float, seed: int) -> np.ndarray:
    """Assign the data set's own test part (`test`), and validation rows at random from its training part.

    Returns:
        uint8 of shape (rows,): 1 training, 2 validation, 4 test.
    """
    split_assignment = np.full(len(given), TEST, dtype=np.uint8)
    training = np.flatnonzero(given.astype("str").to_numpy() == "train")
    split_assignment[training] = split_rows(len(training), 0.0, validation_share, seed)
    return split_assignment


def hash_rows(table: pd.DataFrame) -> pd.Series:
    """Hash complete rows, so that exact copies have the same number: uint64 of shape (rows,)."""
    # The hashes of a chunk's columns fit the processor's cache; its categories are hashed anew, so it has as many rows.
    rows = max([HASHED_ROWS, *(len(kind.categories) for kind in table.dtypes if isinstance(kind, pd.CategoricalDtype))])
    chunks = (table.iloc[start : start + rows] for start in range(0, max(len(table), 1), rows))
    hashed = map_in_threads(lambda chunk: pd.util.hash_pandas_object(chunk, index=False), chunks, len(table))
    return pd.concat(hashed)


def is_first_copy(table: pd.DataFrame) -> np.ndarray:
    """Return which rows are not exact copies of an earlier one: bool of shape (rows,)."""
    return ~hash_rows(table).duplicated().to_numpy()


def check_splits(split_assignment: np.ndarray, target: np.ndarray, classes: bool, validation: bool = True) -> None:
    """Validate that no part of a split is empty or lacks a class.

    Args:
        split_assignment: see `assign_rows`.
        target: of all rows.
        classes: whether the target's values are classes, each of which every part needs.
        validation: whether there must be validation rows.

    Raises:
        EmptySplitError: names the part and what is missing.
    """
    found = {name: set(pd.unique(target[split_assignment & part > 0])) for name, part in PARTS.items()}
    check_parts(found, set(pd.unique(target)), classes, validation)


def check_parts(found: Mapping[str, set[Any]], every: set[Any], classes: bool, validation: bool = True) -> None:
    """Validate the values of the target that each part has; see `check_splits`.

    Args:
        found: by part.
        every: of all rows.
        classes: whether they are classes.
        validation: whether there must be validation rows.
    """
    for name, values in found.items():
        if not values and (validation or name != "validation"):
            raise EmptySplitError(f"split: no rows for {name}; use more rows or another share")
        missing = sorted(every - values) if classes and values else []
        if missing:
            raise EmptySplitError(f"split: {name} has no row of class {missing[0]}; use more rows or another seed")


def holds_arrays(column: pd.Series) -> bool:
    """Return whether the cells of a column are arrays, as those of images are."""
    return column.dtype == object and len(column) > 0 and isinstance(column.iloc[0], np.ndarray)


def select_split(values: Arrays, part: np.ndarray) -> tuple[Arrays, Arrays, Arrays]:
    """Select the training, validation and test rows of arrays."""
    rows = [np.flatnonzero(part & bit) for bit in PARTS.values()]
    train, validation, test = ({name: array.take(r, axis=0) for name, array in values.items()} for r in rows)
    return train, validation, test
