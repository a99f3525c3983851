"""Attrition's feature engineering: row by row, fitting nothing, the same for training and for one request."""

from __future__ import annotations

from functools import partial
from math import isnan
from typing import TYPE_CHECKING, Any

from casebook.pipelines.attrition.columns import FEATURE_SOURCES, STEPS, TARGET
from casebook.preprocessing.feature_functions import list_computable

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Engineer the features: the nine columns, three of them rounded to steps.

    Args:
        joined_rows: typed employees (`columns.RAW_ROW`), with or without the outcome and unused columns.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order and `left`, as far as what they are made of was there.
    """
    computable = list_computable(FEATURE_SOURCES, joined_rows.columns)
    steps = {
        feature: count_steps(joined_rows[FEATURE_SOURCES[feature][0]], width)
        for feature, width in STEPS.items()
        if feature in computable
    }
    return joined_rows.assign(**steps)[[*computable, *(name for name in (TARGET,) if name in joined_rows)]]


def count_steps(column: pd.Series, width: float) -> pd.Series:
    """Count the whole steps up to each value; float64, so that a request may lack the value.

    In hundredths: as a binary fraction 0.15 is less than three steps of 0.05.
    """
    return ((column.astype("float64") * 100).round() // round(width * 100)).rename(None)


def _count_step(width: float, value: float) -> float:
    return value if isnan(value) else float(round(value * 100) // round(width * 100))


# The same for the plain value of one row; a feature that is not here is the value as it is.
VALUE_FEATURES: dict[str, Callable[[Any], Any]] = {
    feature: partial(_count_step, width) for feature, width in STEPS.items()
}
