"""Values of a raw table's column in the form that a profile can show."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MAX_TEXT_CHARACTERS = 80


def holds_arrays(column: pd.Series) -> bool:
    """Return whether a column's values are images, lists or the like, which have no distinct or smallest value."""
    if column.dtype != object:
        return False
    first = column.dropna().head(1)
    return not first.empty and not isinstance(first.iloc[0], Hashable)


def convert_objects_to_text(column: pd.Series) -> pd.Series:
    """Convert a column of mixed objects to text, since only values of one type have an order; others stay."""
    return column.map(str, na_action="ignore").astype("str") if column.dtype == object else column


def shorten_text(text: str) -> str:
    """Shorten a text to `MAX_TEXT_CHARACTERS`, the last of which then is an ellipsis."""
    return text if len(text) <= MAX_TEXT_CHARACTERS else f"{text[: MAX_TEXT_CHARACTERS - 1]}…"
