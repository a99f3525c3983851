"""What the rows of a split belong to: the people, groups or weeks that it keeps on one side, by which scores vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from casebook.data.splitting import hash_rows

if TYPE_CHECKING:
    from casebook.config.schema import SplitParameters

DAYS_A_WEEK = 7
ROW, WEEK, COPIES = "row", "week", "distinct row"


class SplitKeys(NamedTuple):
    """The keys of rows.

    Attributes:
        word: what one is called: `person`, `week`, `row` ...
        of_rows: the key of each, or None where each row is one.
    """

    word: str
    of_rows: pd.Series | None


def find_split_keys(
    table: pd.DataFrame,
    settings: SplitParameters,
    duplicates: str = "keep",
    last: Any = None,  # noqa: ANN401 - a time, or a number
) -> SplitKeys:
    """Find what a split keeps on one side.

    Args:
        table: rows with the columns of `settings.keys`.
        settings: the case's `split` block.
        duplicates: where `group`, copies of a row stay on one side of a split by row.
        last: the latest time, where these are not all rows.

    Returns:
        Keys in the order of the rows: of a split by time the week that a row lies in, 1 for the last one.
    """
    if settings.strategy == "row" and duplicates == "group":
        return SplitKeys(COPIES, hash_rows(table))
    if settings.strategy in {"row", "none", "given"}:
        return SplitKeys(ROW, None)
    column = table[settings.keys[settings.strategy]]
    if settings.strategy != "time":
        return SplitKeys(settings.strategy, column)
    since = (column.max() if last is None else last) - column
    age = since if pd.api.types.is_numeric_dtype(since) else since.dt.days
    return SplitKeys(WEEK, age // DAYS_A_WEEK + 1)
