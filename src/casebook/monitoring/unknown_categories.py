"""Which categories of new rows a fitted preprocessor has no place for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.parsing import distinct

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = ["column", "rows", "share", "values"]
SHOWN = 3
Counts = dict[str, dict[str, Any]]


def measure_unknown(features: pd.DataFrame, preprocessor: Any) -> pd.DataFrame:  # noqa: ANN401 - of any version's code
    """Count the rows whose category the preprocessor has no place for, column by column.

    Returns:
        `column`, `rows`, `share` and the first `values`; only columns that have such rows, none for images and texts.
    """
    lines = []
    for column in getattr(preprocessor, "columns", []):
        # Numbers have no `find`; a model brings its own classes, so that these cannot be asked for.
        if not hasattr(column, "find") or not len(features):
            continue
        codes, values = distinct(features[column.name])
        unknown = np.append(np.asarray(column.find(values)) == 0, False)
        rows = int(unknown[codes].sum())
        if rows:
            found = values[np.unique(codes[unknown[codes]])[:SHOWN]]
            lines.append((column.name, rows, rows / len(features), ", ".join(map(str, found))))
    return pd.DataFrame(lines, columns=UNKNOWN)


def count_values(found: pd.DataFrame) -> Counts:
    """Return what `measure_unknown` has found as plain values: by column `rows` and the first `values`."""
    return {
        column: {"rows": int(rows), "values": values}
        for column, rows, values in zip(found["column"], found["rows"], found["values"], strict=True)
    }


def merge_unknown(total: Mapping[str, Any], further: Mapping[str, Any]) -> Counts:
    """Add the counts of further rows to those so far; the first values stay."""
    merged = dict(total)
    for column, found in further.items():
        before = merged.get(column, {**found, "rows": 0})
        merged[column] = {**before, "rows": before["rows"] + found["rows"]}
    return merged
