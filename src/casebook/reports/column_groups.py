"""Groups of rows by the values of a column: bins of numbers and dates, the frequent values of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from casebook.plots.style import shorten, write_number

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING, OTHERS = "missing", "all others"
MAX_LABEL = 40


class Groups(NamedTuple):
    """Groups of rows.

    Attributes:
        labels: of each group, as a reader sees it.
        codes: number of each row's group, int64 of shape (rows,).
        ordered: whether the groups ascend, as those of numbers and dates do.
    """

    labels: list[str]
    codes: np.ndarray
    ordered: bool


def group_rows(column: pd.Series, limit: int) -> Groups:
    """Group rows by their value.

    Numbers and dates of more than `limit` values are put in bins of about equal size; of other columns the most
    frequent values have a group each, those beyond them one together, and missing ones another.

    Args:
        column: numbers, dates, flags, categories or texts.
        limit: most groups of values that are there.
    """
    values = column.reset_index(drop=True)
    is_date = pd.api.types.is_datetime64_any_dtype(values.dtype)
    is_number = pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
    if (is_number or is_date) and values.nunique() > limit:
        return _group_bins(values, limit, is_date)
    return _group_categories(values, limit, is_number or is_date)


def _group_bins(values: pd.Series, limit: int, is_date: bool) -> Groups:
    # Days and seconds have whole numbers as their codes; a missing one is the smallest of them.
    numbers = pd.Series(values.to_numpy().astype("datetime64[s]").astype(np.float64)) if is_date else values
    known = numbers.where(values.notna()).to_numpy(np.float64, na_value=np.nan)
    edges = np.unique(np.nanquantile(known, np.linspace(0, 1, limit + 1)))
    codes = np.searchsorted(edges[1:-1], known, side="right")
    codes = np.where(np.isnan(known), len(edges) - 1, codes)
    labels = []
    for number in range(len(edges) - 1):
        inside = values[codes == number]
        labels.append(_write_range(inside.min(), inside.max()) if len(inside) else "")
    return _without_empty([*labels, MISSING], codes, ordered=True)


def _group_categories(values: pd.Series, limit: int, ordered: bool) -> Groups:
    counts = values.value_counts(sort=True)
    counts = counts[counts > 0]
    chosen: Sequence[object] = list(counts.index[:limit])
    if ordered:
        chosen = sorted(chosen)  # type: ignore[type-var]
    numbers = {value: number for number, value in enumerate(chosen)}
    codes = values.map(numbers).astype("Float64").fillna(len(chosen)).to_numpy(np.int64)
    codes = np.where(values.isna(), len(chosen) + 1, codes)
    labels = [write_value(value, MAX_LABEL) for value in chosen]
    return _without_empty([*labels, f"{OTHERS} ({len(counts) - len(chosen):,})", MISSING], codes, ordered)


def _without_empty(labels: list[str], codes: np.ndarray, ordered: bool) -> Groups:
    used, codes = np.unique(codes, return_inverse=True)
    return Groups([labels[number] for number in used], codes.astype(np.int64), ordered)


def _write_range(low: object, high: object) -> str:
    first, last = (write_value(value, MAX_LABEL) for value in (low, high))
    return first if low == high else f"{first} to {last}"


def write_value(value: object, limit: int) -> str:
    """Write a raw value as a reader sees it, in at most `limit` letters; nothing where it is missing."""
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else write_number(float(value))
    return "" if value is None or value is pd.NA or value is pd.NaT else shorten(str(value), limit)
