"""Pima's feature engineering: row by row, the same for training and for one request."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.pipelines.pima.columns import FEATURE_SOURCES, TARGET, ZEROS_MISSING

if TYPE_CHECKING:
    from collections.abc import Callable


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Engineer the features: the measurements, and for each whether its zero is a missing value.

    Source: REFERENCES of the published experiments, section 5.

    Args:
        joined_rows: typed rows (`columns.RAW_ROW`), with or without the diagnosis. A request may lack columns that
            its model does not use.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order - the five measurements that cannot be 0 as float64 with
        NaN for 0, and once more as they are under `<name>_published` - and `diabetes` when it was there.
    """
    features = {
        name: _without_zeros(joined_rows[raw]) if name in ZEROS_MISSING else joined_rows[raw]
        for name, (raw,) in {**FEATURE_SOURCES, TARGET: (TARGET,)}.items()
        if raw in joined_rows
    }
    return pd.DataFrame(features, index=joined_rows.index)


def _without_zeros(measured: pd.Series) -> pd.Series:
    values: pd.Series = measured.astype("float64")
    return values.where(values != 0)


def _zero_as_missing(value: float) -> float:
    return nan if value == 0 else value


# The same for the plain value of one row; a feature that is not here is the value as it is.
VALUE_FEATURES: dict[str, Callable[[Any], Any]] = dict.fromkeys(ZEROS_MISSING, _zero_as_missing)
