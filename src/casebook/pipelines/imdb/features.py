"""IMDB's feature engineering: a review is its own feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.pipelines.imdb.columns import FEATURE_SOURCES, PART, TARGET

if TYPE_CHECKING:
    import pandas as pd


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Engineer the features: the reviews, unchanged; the preprocessor splits them into words.

    Args:
        joined_rows: rows with `review`, and with `positive` and `part` where they are known.

    Returns:
        `review`, and `positive` and `part` when they were there.
    """
    return joined_rows[[name for name in (*FEATURE_SOURCES, TARGET, PART) if name in joined_rows]].copy()
