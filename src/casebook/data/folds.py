"""Assignment of rows to the folds of cross-validation, each held out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from casebook.data.splitting import EmptySplitError, hash_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casebook.config.schema import SplitParameters


# Classes, both of which each side of a fold needs: of one alone nothing is learnt, and AUC is not defined.
TWO = 2


class Fold(NamedTuple):
    """A fold: numbers of repeat and fold, counted from 1, and which rows train and which are held out."""

    repeat: int
    number: int
    train: np.ndarray
    held_out: np.ndarray


def assign_split_folds(
    table: pd.DataFrame, count: int, repeats: int, split: SplitParameters, duplicates: str, labels: np.ndarray | None
) -> np.ndarray:
    """Assign rows to folds as the case splits: what it keeps on one side stays in one fold, and time goes forward.

    Args:
        table: the rows with the columns of `split.keys`.
        count: folds of one repeat.
        repeats: how often all rows are assigned.
        split: the case's `split` block.
        duplicates: where `group`, copies of a row stay in one fold of a split by row.
        labels: classes of the rows; None of a regression.

    Returns:
        int16 of shape (rows, repeats): the fold in which a row is held out; see `list_folds`.

    Raises:
        EmptySplitError: a fold would hold no row, or of two classes one alone.
    """
    if split.strategy == "time":
        dealt = assign_blocks(table[split.key], count)
    else:
        keys = table[split.key] if split.key else hash_rows(table) if duplicates == "group" else None
        alike = labels if split.stratify else None
        dealt = assign_folds(len(table), count, repeats, split.seed, None if keys is None else keys.to_numpy(), alike)
    if len(np.setdiff1d(np.arange(count), dealt[:, 0])):
        kept = f" of which rows of one {split.strategy} stay together" if split.key else ""
        raise EmptySplitError(f"folds: {len(table):,} rows{kept} cannot be dealt into {count} folds; give fewer folds")
    if labels is not None and len(np.unique(labels)) == TWO:
        refuse_one_class(dealt, labels)
    return dealt


def refuse_one_class(fold_assignments: np.ndarray, labels: np.ndarray) -> None:
    """Refuse folds of which a network would know, or be judged on, one of two classes alone.

    Raises:
        EmptySplitError: names the first of them.
    """
    for fold in list_folds(fold_assignments):
        for what, rows in (("trained", fold.train), ("judged", fold.held_out)):
            if len(np.unique(labels[rows])) < TWO:
                raise EmptySplitError(
                    f"folds: a network would be {what} on {np.count_nonzero(rows):,} rows of class {labels[rows][0]} "
                    f"alone in fold {fold.number}; give fewer folds, or split.stratify: true"
                )


def list_folds(fold_assignments: np.ndarray) -> Iterator[Fold]:
    """Yield the folds of all repeats.

    Args:
        fold_assignments: see `folds.assign_split_folds`, shape (rows, repeats). A fold is held out from all others;
            of blocks of time, whose oldest is -1, from those before it.
    """
    for repeat, assignment in enumerate(fold_assignments.T):
        forward = bool(assignment.min() < 0)
        for number in range(int(assignment.max()) + 1):
            train = assignment < number if forward else assignment != number
            yield Fold(repeat + 1, number + 1, train, assignment == number)


def assign_folds(
    rows: int,
    count: int,
    repeats: int,
    seed: int,
    keys: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> np.ndarray:
    """Assign rows to folds of nearly equal size, shuffled again for each repeat.

    Args:
        rows: their number.
        count: folds of one repeat.
        repeats: how often all rows are assigned.
        seed: of the assignment.
        keys: rows of the same key stay in one fold; the empty ones are one key.
        labels: classes, of each of which every fold gets its share; of keys by their mean class.

    Returns:
        int16 of shape (rows, repeats): the fold in which a row is held out.
    """
    codes = np.arange(rows) if keys is None else pd.factorize(keys, use_na_sentinel=False)[0]
    generator = np.random.default_rng(seed)
    assignments = []
    for _ in range(repeats):
        turns = generator.permutation(codes.max() + 1)
        if labels is not None:
            means = np.bincount(codes, labels) / np.bincount(codes)
            turns[np.lexsort((turns, means))] = np.arange(len(turns))
        assignments.append(turns[codes] % count)
    return np.stack(assignments, axis=1).astype(np.int16)


def assign_blocks(times: pd.Series, count: int) -> np.ndarray:
    """Assign rows to blocks of time of nearly equal size, rows of one time to one block.

    Args:
        times: of the rows; without one it counts as earlier than all.
        count: blocks that are held out, each after those before it.

    Returns:
        int16 of shape (rows, 1): the block; -1 for the oldest one, which is trained on alone.
    """
    earlier = times.rank(method="min", na_option="top").to_numpy() - 1
    return (earlier * (count + 1) // max(len(times), 1) - 1).astype(np.int16)[:, np.newaxis]
