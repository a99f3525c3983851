"""Statistics of a table's profile: its columns and the target by their values, over all rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from casebook.profiling.column_values import convert_objects_to_text, holds_arrays, shorten_text

MAX_CATEGORIES = 50
COLUMN_STATISTICS = ("column", "dtype", "rows", "nulls", "null_share", "distinct", "minimum", "maximum", "mean",
    "most_frequent", "most_frequent_share")  # fmt: skip
CATEGORY_STATISTICS = ("column", "value", "rows", "share", "mean_target")


def summarize_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Summarize every column by nulls, distinct values, range and most frequent value.

    Args:
        table: Any table; never modified.

    Returns:
        One row a column: `column`, `dtype` (`array` for images and lists, of which only the nulls are counted), `rows`,
        `nulls`, `null_share`, `distinct` (without nulls), `minimum`, `maximum`, `mean` (numbers and booleans only),
        `most_frequent`, `most_frequent_share` (of all rows). Values are written as text, dates in ISO form, so that
        columns of all types fit in one table.
    """
    records = [{"column": name, **_summarize(column)} for name, column in table.items()]
    return pd.DataFrame(records, columns=list(COLUMN_STATISTICS)).astype({"distinct": "Int64"})


def average_target(table: pd.DataFrame, columns: pd.DataFrame, target: pd.Series | None = None) -> pd.DataFrame:
    """Count the rows of each value, and average the target over them, in columns of at most `MAX_CATEGORIES` values.

    Args:
        table: Any table; never modified. A column with the target's name is left out.
        columns: As `summarize_columns` returns it.
        target: Numbers or booleans, in the order of the table's rows; rows where it is null do not enter the mean.

    Returns:
        `column`, `value` (as text; null for the column's nulls), `rows`, `share` (of all rows), `mean_target` (null
        without a target). Values in the order of the categories or ascending, nulls last.

    Raises:
        ValueError: The target has another number of rows, or is text.
    """
    numbers = np.full(len(table), np.nan) if target is None else _read_target(table, target)
    few = columns.loc[columns["distinct"] <= MAX_CATEGORIES, "column"]
    frames = [_average_by_value(table[name], numbers) for name in few if target is None or name != target.name]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(CATEGORY_STATISTICS))


def _summarize(column: pd.Series) -> dict[str, Any]:
    rows, nulls = len(column), int(column.isna().sum())
    start = {"dtype": str(column.dtype), "rows": rows, "nulls": nulls, "null_share": nulls / max(rows, 1)}
    if holds_arrays(column):
        return start | {"dtype": "array"}
    counts = convert_objects_to_text(column).value_counts(sort=False)
    counts = counts[counts > 0]
    if counts.empty:
        return start | {"distinct": 0}
    values = pd.Index(counts.index.to_numpy()) if isinstance(column.dtype, pd.CategoricalDtype) else counts.index
    return start | {
        "distinct": len(counts),
        "minimum": _write_value(values.min()),
        "maximum": _write_value(values.max()),
        "mean": float(column.mean()) if _is_number(column) else np.nan,
        "most_frequent": _write_value(values[int(counts.to_numpy().argmax())]),
        "most_frequent_share": counts.max() / rows,
    }


def _average_by_value(column: pd.Series, target: np.ndarray) -> pd.DataFrame:
    rows = pd.DataFrame({"value": convert_objects_to_text(column).array, "target": target})
    groups = rows.groupby("value", observed=True, dropna=False)["target"].agg(["size", "mean"])
    return pd.DataFrame(
        {
            "column": column.name,
            "value": pd.Series([_write_value(value) for value in groups.index], dtype="str"),
            "rows": groups["size"].to_numpy(),
            "share": groups["size"].to_numpy() / len(column),
            "mean_target": groups["mean"].to_numpy(),
        }
    )


def _read_target(table: pd.DataFrame, target: pd.Series) -> np.ndarray:
    if len(target) != len(table):
        raise ValueError(f"the target has {len(target)} rows but the table {len(table)}: pass the target of these rows")
    if not _is_number(target):
        raise ValueError(
            f"the target is {target.dtype}; its mean by category needs numbers or booleans: encode it first"
        )
    return target.to_numpy(np.float64, na_value=np.nan)


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype))


def _write_value(value: object) -> str | None:
    """Format a value as text: dates in ISO form without an empty time, numbers without noise, null for null."""
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    return f"{value:.10g}" if isinstance(value, float | np.floating) else shorten_text(str(value))
