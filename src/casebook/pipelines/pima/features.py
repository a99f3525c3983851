"""Pima's feature engineering: row by row, the same for training and for one request."""

from __future__ import annotations

import pandas as pd

from casebook.pipelines.pima.columns import AS_PUBLISHED, FEATURE_SOURCES, TARGET, ZEROS_MISSING


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Say of each measurement whether its zero is a missing value.

    Source: REFERENCES of the published experiments, section 5.

    Args:
        joined_rows: typed rows (`columns.RAW_ROW`), with or without the diagnosis.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order - the five measurements that cannot be 0 as float64 with
        NaN for 0, and once more as they are under `<name>_published` - and `diabetes` when it was there.
    """
    measured = {name: joined_rows[name].astype("float64") for name in ZEROS_MISSING}
    features = {
        **{name: values.where(values != 0) for name, values in measured.items()},
        **{name: joined_rows[raw] for name, raw in AS_PUBLISHED.items()},
    }
    kept = [*FEATURE_SOURCES, *([TARGET] if TARGET in joined_rows else [])]
    return pd.DataFrame(
        {name: features[name] if name in features else joined_rows[name] for name in kept}, index=joined_rows.index
    )
