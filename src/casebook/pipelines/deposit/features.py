"""Deposit's feature engineering: the columns as they are, the same for training and for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.pipelines.deposit.columns import FEATURE_SOURCES, TARGET

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Engineer the features: the columns, unchanged.

    Args:
        joined_rows: typed clients (`columns.RAW_ROW`), with or without the answer, `duration` (which leaks it) and
            unused columns.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order and `deposit`, as far as they were there.
    """
    return joined_rows[[name for name in (*FEATURE_SOURCES, TARGET) if name in joined_rows]]


# What makes a feature of the plain value of one row: each is the value as it is.
VALUE_FEATURES: dict[str, Callable[[Any], Any]] = {}
