"""Drift of new rows against training rows: histograms stored with a model, and their population stability index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.parsing import distinct, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Histogram = dict[str, Any]

# Numbers are counted between the training's deciles; of categories the most frequent have a place of their own.
DECILES = np.linspace(0, 1, 11)[1:-1]
MAX_CATEGORIES = 50
# A share of no row would be infinitely far from any other.
MIN_SHARE = 1e-4
# Rows of one kind, dealt anew so many times, reach an index that is taken for chance all but once in a thousand.
DEALS, CHANCE = 2000, 0.999
# Of more rows chance makes next to nothing; and a profile of an earlier version does not say of how many it is.
MANY_ROWS = 1_000_000
# In histograms a feature bears it, an answer of the model nothing.
FEATURE = "feature "


def describe_columns(table: pd.DataFrame) -> dict[str, Histogram]:
    """Compute the histogram of each column.

    Returns:
        By name, plain values that JSON can hold: `edges` between which numbers are counted (a value at an edge belongs
        below) or `values` of categories; `shares`, of which the last is of nulls and, for categories, the one before
        of all other values; `rows`, of how many. Columns of images have none; of long texts the length is described.
    """
    histograms = {str(name): _describe(_measurable(table[name])) for name in table}
    return {name: found for name, found in histograms.items() if found}


def count_columns(table: pd.DataFrame, histograms: Mapping[str, Histogram]) -> dict[str, np.ndarray]:
    """Count the rows in each place of the histograms; counts of several tables can be added up.

    Returns:
        By name int64 of shape (places,), for the columns that both have.
    """
    return {name: _count(_measurable(table[name]), found) for name, found in histograms.items() if name in table}


def stability_index(expected: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Measure how far shares have moved: the population stability index, sum of (new - old) ln(new / old).

    Below 0.1 is taken as no shift, above 0.25 as a large one (Siddiqi, Credit Risk Scorecards, 2006), of many rows.

    Args:
        expected: the old shares, shape (..., places).
        counts: of the new rows, shape (..., places).

    Returns:
        float64 of shape (...).
    """
    new = np.maximum(counts / np.maximum(1, counts.sum(axis=-1, keepdims=True)), MIN_SHARE)
    old = np.maximum(expected, MIN_SHARE)
    index: np.ndarray = ((new - old) * np.log(new / old)).sum(axis=-1)
    return index


def chance_index(histogram: Histogram, counts: np.ndarray) -> float:
    """Measure which index there is without any shift: of so few rows, 0.25 may be nothing.

    Training and new rows are put together and dealt anew. The chi-squared distribution of the index (Yurdakul, 2018)
    lies too low where a place expects but a few rows: with 30 in ten places one of them is often empty.

    Returns:
        The quantile `CHANCE` of the index; infinite without rows.
    """
    rows = int(counts.sum())
    if not rows:
        return float("inf")
    new = _share_out(counts / rows, rows)
    both = _share_out(np.asarray(histogram["shares"]), histogram.get("rows", MANY_ROWS)) + new
    dealt = np.random.default_rng(0).multivariate_hypergeometric(both, int(new.sum()), DEALS, method="marginals")
    left = both - dealt
    return float(np.quantile(stability_index(left / np.maximum(1, left.sum(axis=1, keepdims=True)), dealt), CHANCE))


def tabulate_drift(
    histograms: Mapping[str, Histogram],
    counts: Mapping[str, np.ndarray],
    alarm: float,
    sources: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Tabulate the stability index of each column beside the alarm level.

    Args:
        histograms: of the training rows.
        counts: of the new ones.
        alarm: the level.
        sources: of each feature the raw columns that it is made of; nothing where that is not known.

    Returns:
        `column`, `index`, `alarm` (whether the index reaches the level, and is more than chance), `rows`, `chance` (see
        `chance_index`) and `raw_columns` (of a feature, with commas between them), the farthest first.
    """
    made_of = {f"{FEATURE}{name}": ", ".join(raw) for name, raw in (sources or {}).items()}
    rows = [
        (name, float(stability_index(np.asarray(histograms[name]["shares"]), np.asarray(found))), int(np.sum(found)),
         chance_index(histograms[name], np.asarray(found)), made_of.get(name, ""))
        for name, found in counts.items()
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["column", "index", "rows", "chance", "raw_columns"])
    table.insert(2, "alarm", (table["index"] >= alarm) & (table["index"] > table["chance"]))
    return table.sort_values("index", ascending=False, kind="stable", ignore_index=True)


def _share_out(shares: np.ndarray, rows: int) -> np.ndarray:
    """Give each place its share of the rows, of many of `MANY_ROWS`."""
    shared: np.ndarray = np.rint(shares * min(rows, MANY_ROWS)).astype(np.int64)
    return shared


def _measurable(column: pd.Series) -> pd.Series | None:
    """Convert a column to numbers or categories that can be counted."""
    if column.dtype == object and len(column) and isinstance(column.iloc[0], np.ndarray | list):
        return None
    if isinstance(column.dtype, pd.StringDtype):
        lengths: pd.Series = column.str.len().astype("float64")
        return lengths
    if pd.api.types.is_bool_dtype(column):
        return column.astype("float64")
    if column.dtype == object and not isinstance(column.dtype, pd.CategoricalDtype):
        numbers = pd.to_numeric(column, errors="coerce")
        return column.astype("str").astype("category") if numbers.isna().sum() > column.isna().sum() else numbers
    return column


def _describe(column: pd.Series | None) -> Histogram:
    if column is None or not len(column):
        return {}
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(np.float64)
        known = numbers[~np.isnan(numbers)]
        found: Histogram = {"edges": np.unique(np.quantile(known, DECILES)).tolist() if len(known) else []}
    elif isinstance(column.dtype, pd.CategoricalDtype):
        frequent = column.value_counts().head(MAX_CATEGORIES)
        found = {"values": [str(value) for value in frequent.index[frequent.to_numpy() > 0]]}
    else:
        return {}
    return {**found, "shares": (_count(column, found) / len(column)).tolist(), "rows": len(column)}


def _as_numbers(column: pd.Series | None) -> np.ndarray:
    if column is None:
        return np.empty(0)
    if not pd.api.types.is_numeric_dtype(column):
        column = pd.to_numeric(column.astype("object"), errors="coerce")
    numbers: np.ndarray = column.to_numpy(np.float64, na_value=np.nan)
    return numbers


def _count(column: pd.Series | None, histogram: Histogram) -> np.ndarray:
    if "edges" in histogram:
        numbers = _as_numbers(column)
        edges = np.asarray(histogram["edges"])
        known = numbers[~np.isnan(numbers)]
        counts = np.bincount(np.searchsorted(edges, known), minlength=len(edges) + 1)
        return np.append(counts, len(numbers) - len(known))
    places = {value: place for place, value in enumerate(histogram["values"])}
    size = len(places)
    if column is None:
        return np.zeros(size + 2, np.int64)
    codes, values = distinct(column)
    by_value = np.array([places.get(str(value), size) for value in values], dtype=np.int64)
    return np.bincount(spread(codes, by_value, size + 1), minlength=size + 2)
