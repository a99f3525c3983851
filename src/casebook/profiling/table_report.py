"""HTML report of a table, rendered by `skrub.TableReport`: one file that needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from skrub import TableReport

from casebook.profiling.column_values import (
    MAX_TEXT_CHARACTERS,
    convert_objects_to_text,
    holds_arrays,
    shorten_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Shapes and associations are settled long before; every further row only costs time.
MAX_REPORT_ROWS = 100_000
SAMPLE_SEED = 0
# A plot takes some 70 ms; those of Red Hat's 41 columns of people would cost more than all the rest of the profiles.
MAX_PLOT_COLUMNS = 30
# They grow with the square of the columns: half a second for 41.
MAX_ASSOCIATION_COLUMNS = 100


def render_report(table: pd.DataFrame, name: str) -> str:
    """Render the report of a table: sample rows, statistics, distributions and associations of its columns.

    Args:
        table: Any table; never modified.
        name: What the page calls it.

    Returns:
        A complete HTML page. Its title says what the page leaves out: columns of arrays, which have no distribution,
        the ends of long texts, and the rows beyond a seeded sample of `MAX_REPORT_ROWS`.
    """
    sampled = len(table) > MAX_REPORT_ROWS
    rows = table.sample(MAX_REPORT_ROWS, random_state=SAMPLE_SEED).sort_index() if sampled else table
    arrays = [str(column) for column in table if holds_arrays(table[column])]
    columns = {str(column): convert_objects_to_text(rows[column]) for column in table if str(column) not in arrays}
    long = [column for column, values in columns.items() if _is_long_text(values)]
    shown = pd.DataFrame({**columns, **{column: _shorten(columns[column]) for column in long}})
    return str(
        TableReport(
            shown,
            title=_write_title(name, table, arrays, long),
            verbose=0,
            plot_distributions=shown.shape[1] <= MAX_PLOT_COLUMNS,
            compute_associations=shown.shape[1] <= MAX_ASSOCIATION_COLUMNS,
        ).html()
    )


def _write_title(name: str, table: pd.DataFrame, arrays: Sequence[str], long: Sequence[str]) -> str:
    size = f"{name}: {len(table):,} rows, {table.shape[1]} columns"
    remarks = [
        f"a random sample of {MAX_REPORT_ROWS:,} rows is shown, {name}_columns.csv counts all"
        if len(table) > MAX_REPORT_ROWS
        else "",
        f"not shown, since they hold arrays: {', '.join(arrays)}" if arrays else "",
        f"cut to {MAX_TEXT_CHARACTERS} characters: {', '.join(long)}" if long else "",
    ]
    return "; ".join([size, *filter(None, remarks)])


def _is_long_text(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return any(isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS for value in column.cat.categories)
    return isinstance(column.dtype, pd.StringDtype) and bool(column.str.len().max() > MAX_TEXT_CHARACTERS)


def _shorten(column: pd.Series) -> pd.Series:
    return column.map(shorten_text, na_action="ignore").astype("str")
