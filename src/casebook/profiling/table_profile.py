"""Look at a table before anything is learnt from it: what its columns hold and how the target goes with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.profiling import plots as drawing

if TYPE_CHECKING:
    from collections.abc import Collection

    from matplotlib.figure import Figure

MOST_CATEGORIES = 50
# Distinct values never shrink with more rows: a head that holds too many settles it without hashing millions of rows.
HEAD = 10_000
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def profile_columns(table: pd.DataFrame, unique: Collection[str] = ()) -> pd.DataFrame:
    """Describe every column by nulls, distinct values, range and most frequent value.

    Args:
        table: Any table; never modified.
        unique: Columns declared free of repeats, such as an id: their values are not counted (2.2 million texts take
            a second), all non-null ones are taken as distinct and none as most frequent.

    Returns:
        One row a column: `column`, `dtype`, `rows`, `null_share`, `distinct` (without nulls), `minimum`, `maximum`,
        `mean` (numbers and booleans only), `most_frequent`, `most_frequent_share` (of all rows). Values are written
        as text, dates in ISO form, so that columns of all types fit in one table.
    """
    records = [_describe(column, name in unique) for name, column in table.items()]
    names = ("column", "dtype", "rows", "null_share", "distinct", "minimum", "maximum", "mean")
    return pd.DataFrame(records, columns=[*names, "most_frequent", "most_frequent_share"])


def profile_categories(
    table: pd.DataFrame, target: pd.Series | None = None, limit: int = MOST_CATEGORIES
) -> pd.DataFrame:
    """Count the rows of each value, and average the target over them, in columns of few values.

    Args:
        table: Any table; never modified.
        target: Numbers or booleans, in the order of the table's rows; rows where it is null do not enter the mean.
        limit: Most distinct values, nulls not counted, of a column that is listed.

    Returns:
        `column`, `value` (as text; null for the column's nulls), `rows`, `share` (of all rows), `mean_target` (null
        without a target). Values in the order of the categories or ascending, nulls last.

    Raises:
        ValueError: The target has another number of rows, or is text.
    """
    numbers = None if target is None else _read_target(table, target)
    frames = []
    for name, column in table.items():
        encoded = _encode(column, limit)
        if encoded is not None:
            frames.append(_count_categories(str(name), *encoded, numbers))
    if not frames:
        return pd.DataFrame(columns=["column", "value", "rows", "share", "mean_target"])
    return pd.concat(frames, ignore_index=True)


def profile_numbers(table: pd.DataFrame, limit: int = MOST_CATEGORIES, bins: int = 40) -> pd.DataFrame:
    """Count the rows of numeric columns in bins of equal width, whole numbers in bins of whole numbers.

    Returns:
        `column`, `lower`, `upper`, `rows` for every numeric column of more than `limit` distinct values.
    """
    frames = []
    for name, column in table.items():
        if pd.api.types.is_numeric_dtype(column.dtype) and _encode(column, limit) is None:
            values = column.to_numpy(np.float64, na_value=np.nan)
            values = values[np.isfinite(values)]
            rows, edges = np.histogram(values, _choose_edges(values, bins))
            frames.append(pd.DataFrame({"column": name, "lower": edges[:-1], "upper": edges[1:], "rows": rows}))
    return (
        pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["column", "lower", "upper", "rows"])
    )


def profile_dates(table: pd.DataFrame) -> pd.DataFrame:
    """Count the rows of date columns over time, by day up to two years, else by month, beyond 40 years by year.

    Returns:
        `column`, `date` (first day of the period), `rows`, without gaps, for datetime columns and for text that is
        ISO dates throughout.
    """
    frames = []
    for name, column in table.items():
        days = _count_days(column)
        if days is not None and len(days):
            span = (days.index.max() - days.index.min()).days
            rows = days.resample("D" if span <= 731 else "MS" if span <= 40 * 366 else "YS").sum()
            frames.append(pd.DataFrame({"column": name, "date": rows.index, "rows": rows.to_numpy()}))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["column", "date", "rows"])


def draw_profile(
    table: pd.DataFrame, target: pd.Series | None = None, title: str = "table", limit: int = MOST_CATEGORIES
) -> dict[str, Figure]:
    """Draw what the columns of a table hold.

    Args:
        table: Any table; never modified.
        target: As for `profile_categories`; a column of its name gets no panel of mean targets.
        title: The table's name in the figures' titles.
        limit: Most distinct values of a column that is drawn as categories.

    Returns:
        Those that have something to show of `null_shares`, `distributions` (histograms, dates over time, bars of
        categories), `booleans` (share of true), and with a target `mean_target` and `mean_target_booleans`. More
        panels than a figure takes go on in `distributions_2`, `mean_target_2` and so on.
    """
    categories = profile_categories(table, target, limit)
    dates, numbers = profile_dates(table), profile_numbers(table, limit)
    categories = categories[~categories["column"].isin(dates["column"])]
    nulls = pd.DataFrame({"column": list(table), "null_share": [_share_nulls(column) for _, column in table.items()]})
    order = list(map(str, table))
    figures = {"null_shares": drawing.draw_null_shares(nulls, title)}
    figures |= drawing.draw_distributions(order, categories, numbers, dates, title)
    if target is not None:
        overall = float(np.nanmean(_read_target(table, target)))
        # The target among the columns would only stretch the scale of all others.
        figures |= drawing.draw_mean_target(categories[categories["column"] != target.name], overall, title)
    return figures


def _describe(column: pd.Series, is_unique: bool) -> tuple[object, ...]:
    rows, present = len(column), int(column.count())
    start = (str(column.name), str(column.dtype), rows, _share_nulls(column))
    if present == 0:
        return (*start, 0, None, None, np.nan, None, np.nan)
    if is_unique:
        mean = float(column.mean()) if _is_number(column) else np.nan
        return (*start, present, write_value(column.min()), write_value(column.max()), mean, None, np.nan)
    counts = _count_values(column)
    values, weights = counts.index, counts.to_numpy()
    top = int(weights.argmax())
    mean = float(np.average(values.to_numpy(np.float64), weights=weights)) if _is_number(column) else np.nan
    ends = (write_value(values.min()), write_value(values.max()))
    return (*start, len(counts), *ends, mean, write_value(values[top]), weights[top] / rows)


def _count_values(column: pd.Series) -> pd.Series:
    """Count distinct values without nulls; categoricals are counted by code, Arrow text inside Arrow."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        rows = np.bincount(column.cat.codes.to_numpy().astype(np.intp) + 1, minlength=len(column.cat.categories) + 1)[
            1:
        ]
        return pd.Series(rows, column.cat.categories)[rows > 0]
    counts = column.value_counts(sort=False)
    # Mixed objects have no smallest value; as text they have.
    return counts.groupby(counts.index.map(str)).sum() if counts.index.dtype == object else counts


def _encode(column: pd.Series, limit: int) -> tuple[np.ndarray, pd.Index] | None:
    """Give codes (-1 for null) and values of a column, or nothing when it has more than `limit` distinct values."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy(), column.cat.categories
        if len(values) > limit and len(_count_values(column)) > limit:
            return None
        return codes, values
    if column.dtype == bool:
        return column.to_numpy().view(np.int8), pd.Index([False, True])
    if column.iloc[:HEAD].nunique() > limit:
        return None
    found, values = pd.factorize(column, sort=True)
    return None if len(values) > limit else (found, pd.Index(values))


def _count_categories(name: str, codes: np.ndarray, values: pd.Index, target: np.ndarray | None) -> pd.DataFrame:
    # Nulls have code -1, which bincount refuses: they are counted in place 0 and listed last.
    places = codes.astype(np.intp) + 1
    size = len(values) + 1
    rows = np.bincount(places, minlength=size)
    means = np.full(size, np.nan)
    if target is not None:
        known = np.isfinite(target)
        counted = rows if known.all() else np.bincount(places[known], minlength=size)
        sums = np.bincount(places, weights=np.where(known, target, 0.0), minlength=size)
        means = np.divide(sums, counted, out=means, where=counted > 0)
    frame = pd.DataFrame(
        {
            "column": name,
            "value": pd.Series([None, *map(write_value, values)], dtype="str"),
            "rows": rows,
            "share": rows / max(len(codes), 1),
            "mean_target": means,
        }
    )
    order = np.append(np.arange(1, size), 0)
    return pd.DataFrame(frame.iloc[order[rows[order] > 0]])


def _count_days(column: pd.Series) -> pd.Series | None:
    """Count rows by day, or give nothing for a column that holds no dates."""
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        first = column.iloc[:HEAD].dropna().iloc[:1]
        if first.empty or not ISO_DAY.match(str(first.iloc[0])):
            return None
    counts = _count_values(column)
    days = pd.to_datetime(pd.Series(counts.index), format="ISO8601", errors="coerce")
    if days.isna().any():
        return None
    return counts.groupby(days.dt.tz_localize(None).dt.normalize().to_numpy()).sum()


def _choose_edges(values: np.ndarray, bins: int) -> np.ndarray | int:
    if len(values) == 0 or np.any(values != np.round(values)):
        return bins
    lowest, highest = values.min(), values.max()
    # Bins of unequal numbers of whole numbers would show a comb that is not in the data.
    width = np.ceil((highest - lowest + 1) / bins)
    edges: np.ndarray = lowest - 0.5 + width * np.arange(np.ceil((highest - lowest + 1) / width) + 1)
    return edges


def _read_target(table: pd.DataFrame, target: pd.Series) -> np.ndarray:
    if len(target) != len(table):
        raise ValueError(f"the target has {len(target)} rows but the table {len(table)}: pass the target of these rows")
    if not _is_number(target):
        raise ValueError(
            f"the target is {target.dtype}; its mean by category needs numbers or booleans: encode it first"
        )
    return target.to_numpy(np.float64, na_value=np.nan)


def _share_nulls(column: pd.Series) -> float:
    return 1 - int(column.count()) / max(len(column), 1)


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype))


def write_value(value: object) -> str | None:
    """Write a value as text: dates in ISO form without an empty time, numbers without noise, null for null."""
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    return f"{value:.10g}" if isinstance(value, float | np.floating) else str(value)
