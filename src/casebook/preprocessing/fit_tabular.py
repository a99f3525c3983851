"""Fitting a preprocessor: everything here sees training rows only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from casebook.compute.threads import map_in_threads
from casebook.preprocessing.column_counts import CategoryCounts, ValueCounts
from casebook.preprocessing.tabular import (
    MAX_BYTE,
    MAX_BYTE_SPAN,
    Block,
    CategoryColumn,
    NumberColumn,
    TabularPreprocessor,
    log_of_long_tail,
)
from casebook.preprocessing.target_statistics import fit_target_statistic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.config.schema import TabularPreprocessingParameters
    from casebook.preprocessing.column_counts import ColumnCounts
    from casebook.preprocessing.target_statistics import KnownTargets

ORDERED = "ordered_target"
# A long tail reaches so many times as far as nine tenths of the rows do; fewer values than these have none.
LONG_TAIL, BULK, FEW_VALUES = 10.0, (0.05, 0.95), 16


def fit_preprocessor(
    table: pd.DataFrame, parameters: TabularPreprocessingParameters, known: KnownTargets | None = None
) -> TabularPreprocessor:
    """Fit fill values, clips, categories and scales on training rows.

    Args:
        table: feature columns of the training rows alone.
        parameters: the case's `preprocessing` block.
        known: their targets, for the encoding `ordered_target`.

    Returns:
        The fitted preprocessor. Numbers come from numeric and boolean columns, one-hot codes from the others, unless
        `encoding` says otherwise.
    """
    columns = map_in_threads(lambda name: fit_column(table[name], parameters, known), table.columns)
    return TabularPreprocessor(columns, parameters.scaling)


def fit_counts(counts: Mapping[str, ColumnCounts], parameters: TabularPreprocessingParameters) -> TabularPreprocessor:
    """Fit a preprocessor on what was counted of the training rows; see `fit_preprocessor` and `count_column`."""
    columns = [fit_counted(name, counted, parameters) for name, counted in counts.items()]
    return TabularPreprocessor(columns, parameters.scaling)


def fit_column(
    column: pd.Series, parameters: TabularPreprocessingParameters, known: KnownTargets | None = None
) -> NumberColumn | CategoryColumn:
    """Fit one column by its declared encoding, or by its type.

    Args:
        column: a feature column of the training rows.
        parameters: the case's `preprocessing` block.
        known: targets of the rows.

    Raises:
        ValueError: the column's values do not fit its encoding, imputation or `nearest_lower_within`.
    """
    if parameters.encoding.get(str(column.name)) == ORDERED:
        return fit_target_statistic(column, known, parameters.target_prior_rows)
    return fit_counted(str(column.name), count_column(column, parameters), parameters)


def count_column(column: pd.Series, parameters: TabularPreprocessingParameters) -> ColumnCounts:
    """Count what the fitting of a column takes of some training rows; counts of parts add up by `add_counts`.

    Raises:
        ValueError: a column of text is to be encoded as a number, or a category by ordered statistics, which take the
            order of all rows.
    """
    if parameters.encoding.get(str(column.name)) == ORDERED:
        raise ValueError(
            f"encoding: {column.name} by {ORDERED} takes all rows at once, which the engine dask never has; "
            f"use embedding or onehot (--params <case>.preprocessing.encoding.{column.name}=embedding)"
        )
    text = isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype) or column.dtype == object
    if parameters.encoding.get(str(column.name), "onehot" if text else "number") != "number":
        return CategoryCounts.of(column)
    return count_numbers(column)


def count_numbers(column: pd.Series) -> ValueCounts:
    """Count the values of a column of numbers.

    Raises:
        ValueError: the column holds text.
    """
    if isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype):
        raise ValueError(f"encoding: {column.name} holds text and cannot be a number; use onehot or embedding")
    return ValueCounts.of(column)


def fit_counted(
    name: str, counted: ColumnCounts, parameters: TabularPreprocessingParameters
) -> NumberColumn | CategoryColumn:
    """Fit one column on what was counted of it; see `fit_column`."""
    impute = parameters.impute.get(name)
    if isinstance(counted, ValueCounts):
        return fit_value_counts(name, counted, impute or "median", parameters.clip.get(name), parameters.skewed)
    # `count_column` has seen to it that no such column is a number.
    most = parameters.onehot_width
    chosen = parameters.encoding.get(name) or ("embedding" if most and counted.distinct > most else "onehot")
    encoding: Literal["onehot", "embedding"] = "embedding" if chosen == "embedding" else "onehot"
    least = parameters.min_frequency if encoding == "embedding" else 1
    fitted = fit_categories(name, counted, encoding, impute or "missing", least)
    if name in parameters.nearest_lower_within:
        if any(isinstance(value, str) for value in fitted.values):  # noqa: PD011 - no pandas object
            raise ValueError(f"nearest_lower_within: {name} holds text; only numbers have a nearest lower one")
        fitted = replace(fitted, fallback=parameters.nearest_lower_within[name])
    # The first category is then what all indicators at 0 stand for, as in pandas' `get_dummies(drop_first=True)`.
    return replace(fitted, left_out=1) if parameters.drop_first and encoding == "onehot" else fitted


def fit_number(column: pd.Series, impute: str, clip: tuple[float, float] | None, skewed: str = "keep") -> NumberColumn:
    """Fit a number on training rows; see `fit_value_counts`."""
    return fit_value_counts(str(column.name), count_numbers(column), impute, clip, skewed)


def fit_value_counts(
    name: str, known: ValueCounts, impute: str, clip: tuple[float, float] | None, skewed: str = "keep"
) -> NumberColumn:
    """Fit the fill value, clip, offset and statistics of a number on the values of training rows.

    Args:
        name: of the column.
        known: numbers or booleans; some may be missing.
        impute: `mean`, `median` or `mode` of the known values, which replaces nulls.
        clip: the two quantiles to which values are clipped; None for no clipping.
        skewed: `log` encodes a number of a long tail as its logarithm, `keep` as it is.

    Raises:
        ValueError: the column is null in every row, or `impute` is `missing`.
    """
    fill = _fill_value(known, impute, name)
    low, high = known.quantiles(clip) if clip else (-np.inf, np.inf)
    missing = known.missing
    values = np.clip(np.append(known.values, [fill] if missing else []), low, high)
    clipped = ValueCounts(np.clip(known.values, low, high), known.counts) if clip else known
    unit = find_unit(clipped) if skewed == "log" else 0.0
    values = log_of_long_tail(values, unit) if unit else values
    moved = bool(clip or unit)
    counts = np.append(known.counts, [missing] if missing else []).astype(np.int64)
    whole_before = None if moved else known.whole
    seen = ValueCounts(values, counts, within=0.0 if moved else known.within, whole=whole_before)
    least, most = float(values.min()), float(values.max())
    # A later null takes the fill, which a byte must then hold exactly.
    whole = seen.are_whole() and fill == np.rint(fill) and not unit
    in_byte = whole and most - least <= MAX_BYTE_SPAN
    # In a byte the span sits in the middle; a float32 is centred so that its 24 bits are spent on differences.
    mean = seen.mean()
    centre = float(np.rint(mean) if whole else mean)
    offset = least - (MAX_BYTE - int(most - least)) // 2 if in_byte else centre
    return NumberColumn(
        name=name,
        block="codes" if in_byte else "numbers",
        offset=offset,
        fill=fill,
        low=float(low),
        high=float(high),
        mean=mean,
        deviation=seen.deviation() if most > least else 0.0,
        minimum=least,
        maximum=most,
        unit=unit,
    )


def find_unit(known: ValueCounts) -> float:
    """Find the unit of a number of a long tail: the median size of the values other than 0.

    Such a tail leaves to the bulk of the rows a range so small that a network, or a float32, cannot tell them apart.

    Args:
        known: of the training rows, clipped.

    Returns:
        0 where there is no such tail.
    """
    values, _ = known.ranked
    if 1 + np.count_nonzero(np.diff(values)) <= FEW_VALUES:
        return 0.0
    low, high = known.quantiles(BULK)
    if values[-1] - values[0] <= LONG_TAIL * (high - low):
        return 0.0
    size = np.abs(known.values)
    return ValueCounts(size[size > 0], known.counts[size > 0]).median()


def _fill_value(known: ValueCounts, impute: str, name: str) -> float:
    """Compute the fill value of null numbers."""
    if known.rows == 0:
        raise ValueError(f"{name} is null in every training row; leave it out of the features")
    if impute == "missing":
        raise ValueError(f"impute: {name} is a number; `missing` needs an onehot or embedding encoding")
    return {"mode": known.mode, "median": known.median, "mean": known.mean}[impute]()


def fit_categories(
    name: str, counted: CategoryCounts, encoding: Literal["onehot", "embedding"], impute: str, min_frequency: int
) -> CategoryColumn:
    """Fit the categories of a column, in sorted order, with their counts; rare ones count as unknown.

    Args:
        name: of the column.
        counted: texts, numbers or booleans; some may be missing.
        encoding: stored in the result.
        impute: `mode` encodes nulls as the most frequent category, `missing` as a category of their own.
        min_frequency: rows that a category needs.

    Raises:
        ValueError: no category has enough rows for a mode, or `impute` is neither.
    """
    values, counts = counted.values, counted.counts  # noqa: PD011 - no pandas object
    kept = np.flatnonzero(counts >= max(min_frequency, 1))
    order = kept[np.argsort(values[kept], kind="stable")]
    known, known_counts = values[order].tolist(), counts[order].tolist()
    missing = counted.missing
    null_code = 0
    if impute == "mode":
        if not known:
            raise ValueError(
                f"impute: {name} has no value of {min_frequency} rows (min_frequency) for a mode; use missing"
            )
        null_code = int(np.argmax(known_counts)) + 1
        known_counts[null_code - 1] += missing
    elif missing and impute == "missing":
        known_counts.append(missing)
        null_code = len(known_counts)
    elif missing:
        raise ValueError(f"impute: {name} holds categories; use mode or missing, not {impute}")
    block: Block = "codes" if len(known_counts) <= MAX_BYTE else "ids"
    return CategoryColumn(name, block, encoding, known, known_counts, null_code, counted.rows)
