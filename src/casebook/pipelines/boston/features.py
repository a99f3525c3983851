"""Boston's feature engineering: the columns as they are, the same for training and for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.pipelines.boston.columns import FEATURE_SOURCES, PART, TARGET

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Engineer the features: the columns, unchanged.

    Args:
        joined_rows: typed rows (`columns.RAW_ROW`), with or without the price and the side of the split. A request may
            lack columns that its model does not use, such as B.

    Returns:
        Those columns of `columns.FEATURE_SOURCES` that are there, in that order, then `MEDV` as float64 and `part`
        when they were there.
    """
    kept = [name for name in (*FEATURE_SOURCES, TARGET, PART) if name in joined_rows]
    features: pd.DataFrame = joined_rows[kept]
    return features.astype({TARGET: "float64"}) if TARGET in features else features


# What makes a feature of the plain value of one row: each is the value as it is.
VALUE_FEATURES: dict[str, Callable[[Any], Any]] = {}
