"""Joining a table of many rows to one of its owners (activities to people, days to stores)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.parsing import InvalidTableError, distinct

if TYPE_CHECKING:
    from casebook.config.schema import UnknownKeys


def join_many_to_one(
    many: pd.DataFrame, one: pd.DataFrame, key: str, prefix: str, unknown: UnknownKeys = "refuse"
) -> pd.DataFrame:
    """Add to each row the columns of the row of `one` that has the same key, under a prefix.

    Args:
        many: rows with the key, any number a key.
        one: at most one row a key.
        key: the column that both have.
        prefix: put before every column of `one` but the key.
        unknown: what to do with rows whose key `one` lacks: `refuse` them all or `drop` those rows.

    Returns:
        The rows of `many` in their order with the columns of `one` added; a fresh index.

    Raises:
        InvalidTableError: a key twice in `one`, or an unknown key with `refuse`.
    """
    refuse_repeated_keys(one[key], prefix)
    codes, values = distinct(many[key])
    positions = np.append(pd.Index(one[key].astype(values.dtype)).get_indexer(values), -1)[codes]
    found = positions >= 0
    if not found.all():
        if unknown == "refuse":
            raise InvalidTableError(_describe_unknown(many[key][~found], key, prefix))
        many, positions = many[found], positions[found]
    added = one.drop(columns=key).take(positions).add_prefix(prefix)
    return pd.concat([many.reset_index(drop=True), added.reset_index(drop=True)], axis=1)


def refuse_repeated_keys(keys: pd.Series, name: str) -> None:
    """Raise when a key stands twice in the table of owners."""
    repeated = keys[keys.duplicated()]
    if len(repeated):
        raise InvalidTableError(
            f"{name.rstrip('_')}: {keys.name} {repeated.iloc[0]} stands {int((keys == repeated.iloc[0]).sum())} times "
            f"({repeated.nunique()} repeated keys); keep one row each"
        )


def _describe_unknown(keys: pd.Series, key: str, prefix: str) -> str:
    examples = ", ".join(map(str, keys.drop_duplicates().head(3)))
    return (
        f"{len(keys)} rows have a {key} that the table of {prefix.rstrip('_')} does not hold (first: {examples}); "
        f"add the missing rows there, or give `unknown_{prefix.rstrip('_')}=drop` to leave them out"
    )
