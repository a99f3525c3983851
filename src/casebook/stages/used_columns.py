"""Which columns of a feature table a network sees."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from casebook.data.splitting import TRAIN
from casebook.preprocessing.time_index import list_time_indexes

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.preprocessing.row_schema import RowSchema

LOGGER = logging.getLogger(__name__)
Block = dict[str, Any]


def name_features(columns: list[str], feature_sources: FeatureSources, preprocessing: Block, leaks: Block) -> list[str]:
    """List the feature columns to use: those chosen and there, less all that are made of a raw column that leaks."""
    chosen = preprocessing.get("columns") or list(feature_sources)
    closed = {raw for raw, kept in leaks.items() if kept == "drop"}
    return [name for name in chosen if name in columns and closed.isdisjoint(feature_sources[name])]


def select_training_rows(table: pd.DataFrame, part: pd.Series, names: Collection[str]) -> pd.DataFrame:
    """Select the training rows of some columns, as far as these are there: those of all take as much as the table."""
    return table[[name for name in table if name in names]][(part & TRAIN > 0).to_numpy()]


def find_time_indexes(
    rows: pd.DataFrame, names: list[str], preprocessing: Block, split: Block, row_schema: RowSchema
) -> list[str]:
    """List the features to leave out since they tell when a row was; see `time_index.list_time_indexes`.

    Args:
        rows: the training rows.
        names: features that are used.
        preprocessing: its `time_index` is `drop` where any are to be found.
        split: nothing is later than the training rows unless its strategy is `time`.
        row_schema: what features are made by.

    Returns:
        Some of `names`: never all of them, and none where the columns were chosen by name.
    """
    if preprocessing.get("time_index") != "drop" or split["strategy"] != "time" or preprocessing.get("columns"):
        return []
    found = list_time_indexes(rows, names, split["keys"]["time"], row_schema)
    if not found or len(found) == len(names):
        return []
    LOGGER.warning(
        "left out, since they tell when a row was and the training rows cover less than two years: %s "
        "(preprocessing.time_index=keep keeps them)",
        ", ".join(found),
    )
    return found
