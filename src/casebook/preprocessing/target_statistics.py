"""Ordered target statistics: a category as the mean target of the rows before it, so that no row knows its own target.

Source: CatBoost, arXiv 1706.09516, section 3.2. What a split keeps on one side, a person with all rows, has one place
in the order: rows of a key know nothing of each other, as those of a new key know nothing of theirs. Where the split's
key is the category itself nothing is known of any, and a network cannot lean on what new rows will lack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.parsing import distinct, spread
from casebook.preprocessing.arrays import TARGET
from casebook.preprocessing.tabular import CategoryColumn, NumberColumn, TabularPreprocessor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casebook.preprocessing.tabular import Arrays

# Of the order: the same where a column is fitted and where training rows are prepared.
SEED = 2018


@dataclass(frozen=True)
class TargetStatisticColumn(NumberColumn):
    """A column of categories encoded as one number: (sum of targets + prior_rows * prior) / (rows + prior_rows).

    Attributes:
        values: the categories of the training rows.
        statistics_of: of each of them, by all training rows; the last is that of nulls.
        prior: the mean target, which categories have that training rows do not hold.
        prior_rows: as many rows the prior counts for.
        key: column of what belongs together; empty where every row is by itself.
    """

    values: list[Any] = field(default_factory=list)
    statistics_of: list[float] = field(default_factory=list)
    prior: float = 0.0
    prior_rows: float = 1.0
    key: str = ""

    def encode(self, column: pd.Series) -> np.ndarray:
        """Encode new rows, by the statistics of all training rows; float32 of shape (rows,)."""
        codes, values = distinct(column)
        return self.encode_values(spread(codes, self.find_statistics(values), self.statistics_of[-1]))

    def find(self, values: Sequence[Any] | pd.Index) -> np.ndarray:
        """Look up the codes of values that are not null, shape (values,): from 1, and 0 for unknown ones."""
        return np.asarray(pd.Index(self.values).get_indexer(pd.Index(values)) + 1)

    def find_statistics(self, values: Sequence[Any] | pd.Index) -> np.ndarray:
        """Look up the statistics of values that are not null, float64 of shape (values,)."""
        statistics: np.ndarray = np.asarray([self.prior, *self.statistics_of])[self.find(values)]
        return statistics

    def encode_training(self, table: pd.DataFrame, target: np.ndarray) -> np.ndarray:
        """Encode the training rows, each by those before it; float32 of shape (rows,)."""
        codes = distinct(table[self.name])[0]
        ranks = rank_keys(table[self.key] if self.key else None, len(table))
        return self.encode_values(order_statistics(codes, target, ranks, self.prior, self.prior_rows))


@dataclass(frozen=True)
class KnownTargets:
    """The targets of training rows.

    Attributes:
        target: class 0 or 1, or a number; shape (rows,).
        keys: what the split keeps on one side, named as its column, (rows,); None where every row is by itself.
    """

    target: np.ndarray
    keys: pd.Series | None = None

    @classmethod
    def of(cls, table: pd.DataFrame, target: str, key: str) -> KnownTargets:
        """Take them from training rows; an empty key is no column."""
        return cls(table[target].to_numpy(np.float64), table[key] if key else None)


def fit_target_statistic(column: pd.Series, known: KnownTargets | None, prior_rows: float) -> TargetStatisticColumn:
    """Fit the statistics of a column's categories on training rows.

    Args:
        column: categories of any type; nulls are a category.
        known: the targets of the rows.
        prior_rows: as many rows the mean target counts for.

    Raises:
        ValueError: no targets are known.
    """
    if known is None:
        raise ValueError(f"encoding: {column.name} by ordered_target needs the targets of the training rows")
    codes, values = distinct(column)
    target, keys, prior = known.target, known.keys, float(known.target.mean())
    # Code -1, of nulls, is the last.
    places = np.where(codes < 0, len(values), codes)
    rows = np.bincount(places, minlength=len(values) + 1)
    sums = np.bincount(places, target, len(values) + 1)
    statistics = (sums + prior_rows * prior) / (rows + prior_rows)
    seen = np.flatnonzero(rows[:-1])
    ordered = order_statistics(codes, target, rank_keys(keys, len(column)), prior, prior_rows)
    low, high, mean = float(ordered.min()), float(ordered.max()), float(ordered.mean())
    return TargetStatisticColumn(
        name=str(column.name), block="numbers", offset=mean, fill=prior, low=-np.inf, high=np.inf, mean=mean,
        deviation=float(ordered.std()) if high > low else 0.0, minimum=low, maximum=high,
        values=values[seen].tolist(), statistics_of=statistics[[*seen, len(values)]].tolist(), prior=prior,
        prior_rows=prior_rows, key="" if keys is None else str(keys.name),
    )  # fmt: skip


def rank_keys(keys: pd.Series | None, rows: int) -> np.ndarray:
    """Compute each row's place in the order: that of a time that is its key, else one drawn for its key.

    Returns:
        Integers of shape (rows,), the same for rows of the same key.
    """
    if keys is None:
        return np.random.default_rng(SEED).permutation(rows)
    codes, values = distinct(keys)
    in_time = keys.dtype.kind == "M"
    ranks: np.ndarray = np.random.default_rng(SEED).permutation(len(values) + 1)
    by_row: np.ndarray = (np.asarray(pd.Index(values).argsort().argsort()) if in_time else ranks)[codes]
    return by_row


def order_statistics(
    codes: np.ndarray, target: np.ndarray, ranks: np.ndarray, prior: float, prior_rows: float
) -> np.ndarray:
    """Compute of each row the statistic of its category over the rows of lower rank.

    Args:
        codes: of the categories, (rows,).
        target: numbers, (rows,).
        ranks: of the rows' keys, (rows,).
        prior: the mean target.
        prior_rows: as many rows it counts for.

    Returns:
        float64 of shape (rows,).
    """
    order = np.lexsort((ranks, codes))
    ordered = target[order].astype(np.float64)
    category_begins = np.append(True, codes[order][1:] != codes[order][:-1])
    key_begins = category_begins | np.append(True, ranks[order][1:] != ranks[order][:-1])
    places = np.arange(len(order))
    first = np.maximum.accumulate(np.where(category_begins, places, 0))
    own = np.maximum.accumulate(np.where(key_begins, places, 0))
    before = np.append(0.0, np.cumsum(ordered))
    found = np.empty(len(order))
    found[order] = (before[own] - before[first] + prior_rows * prior) / (own - first + prior_rows)
    return found


def restore_column(facts: Mapping[str, Any]) -> NumberColumn | CategoryColumn:
    """Rebuild a fitted column of whichever kind from the values of `TabularPreprocessor.to_dict`."""
    if "encoding" in facts:
        return CategoryColumn(**facts)
    return TargetStatisticColumn(**facts) if "statistics_of" in facts else NumberColumn(**facts)


def statistic_columns(preprocessor: Any) -> list[TargetStatisticColumn]:  # noqa: ANN401 - of any modality
    """List the columns that are encoded by target statistics."""
    columns = preprocessor.columns if isinstance(preprocessor, TabularPreprocessor) else []
    return [column for column in columns if isinstance(column, TargetStatisticColumn)]


def key_columns(preprocessor: Any) -> list[str]:  # noqa: ANN401 - of any modality
    """List the columns that the order of training rows goes by, beside those that are features."""
    return [key for key in dict.fromkeys(column.key for column in statistic_columns(preprocessor)) if key]


def order_training_rows(
    arrays: Arrays,
    table: pd.DataFrame,
    preprocessor: Any,  # noqa: ANN401 - of any modality
    training: np.ndarray | None = None,
) -> Arrays:
    """Replace the statistics of training rows by those of the rows before each; arrays without statistics stay.

    Args:
        arrays: prepared training rows with `target`.
        table: rows with the columns of `key_columns`.
        preprocessor: fitted on the training rows.
        training: which rows of the table they are, bool of shape (rows,); all where it is None.
    """
    encoded = statistic_columns(preprocessor)
    if not encoded:
        return arrays
    table = table if training is None else table[training]
    numbers = arrays["numbers"].copy()
    for column in encoded:
        numbers[:, preprocessor.positions[column.name][1]] = column.encode_training(table, arrays[TARGET])
    return {**arrays, "numbers": numbers}
