"""Days of rows to predict, which monitoring follows by week: ISO texts, however the column writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.column_type import distinct_of_type, spread
from casebook.column_types.kinds import COLUMN_TYPES

if TYPE_CHECKING:
    from casebook.column_types.kinds import Kind


def write_days(column: pd.Series, kind: Kind) -> pd.Series:
    """Write the day of each row as in `2023-08-26`.

    Args:
        column: raw days or times.
        kind: what its values are read by; nothing where they are neither.

    Returns:
        Categories of texts; a value that is no day of that kind is the text itself, a null stays one.
    """
    if not kind:
        return column.astype("category")
    codes, values = distinct_of_type(column)
    parsed, wrong = COLUMN_TYPES[kind].parse_distinct(values)
    written = zip(values.tolist(), parsed, wrong, strict=True)
    days = [str(value) if bad else None if day is None else day.isoformat()[:10] for value, day, bad in written]
    by_row = spread(codes, np.array(days, dtype=object), None)
    return pd.Series(by_row, column.index, dtype="str", name=column.name).astype("category")
