"""Attrition's feature engineering: the columns as they are, the same for training and for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.pipelines.attrition.columns import FEATURE_SOURCES, TARGET

if TYPE_CHECKING:
    import pandas as pd


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Take the nine columns as features, as the published preparation does.

    Args:
        joined_rows: typed employees (`columns.RAW_ROW`), with or without the outcome and columns that nobody uses.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order and `left`, as far as they were there.
    """
    return joined_rows[[name for name in (*FEATURE_SOURCES, TARGET) if name in joined_rows]]
