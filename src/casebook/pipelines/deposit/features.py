"""Deposit's feature engineering: the columns as they are, the same for training and for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.pipelines.deposit.columns import FEATURE_SOURCES, LEAK, TARGET

if TYPE_CHECKING:
    import pandas as pd


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Take the columns as features.

    Args:
        joined_rows: typed clients (`columns.RAW_ROW`), with or without the answer and `duration`.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order - `duration` only when it was there - and `deposit`
        when it was there.
    """
    absent = {name for name in (LEAK, TARGET) if name not in joined_rows}
    return joined_rows[[name for name in (*FEATURE_SOURCES, TARGET) if name not in absent]]
