"""Tables that are parts of one, put together again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pandas.api.types import union_categoricals

if TYPE_CHECKING:
    from collections.abc import Sequence


def stack_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of tables with the same columns under each other; their index stays.

    Returns:
        What one table of all rows would be: a category has the values of all of them, in the order in which they come.
    """
    if len(tables) == 1:
        return tables[0]
    index = tables[0].index.append([table.index for table in tables[1:]])
    stacked = {name: _stack([table[name] for table in tables], index) for name in tables[0]}
    return pd.DataFrame(stacked, index=index, copy=False)


def _stack(columns: Sequence[pd.Series], index: pd.Index) -> pd.Series:
    known = [column for column in columns if len(column)] or list(columns[:1])
    categories = [isinstance(column.dtype, pd.CategoricalDtype) for column in known]
    if all(categories):
        return pd.Series(union_categoricals(known), index, copy=False)
    if any(categories):
        pairs = zip(known, categories, strict=True)
        known = [column.astype(column.cat.categories.dtype) if one else column for column, one in pairs]
    stacked: pd.Series = pd.concat(known).set_axis(index)
    return stacked
