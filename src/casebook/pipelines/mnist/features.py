"""MNIST's feature engineering: an image is its own feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.pipelines.mnist.columns import FEATURE_SOURCES, PART, TARGET

if TYPE_CHECKING:
    import pandas as pd


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Engineer the features: the images, unchanged; the network scales them.

    Args:
        joined_rows: rows with `image`, and with `digit` and `part` where they are known.

    Returns:
        `image`, and `digit` and `part` when they were there.
    """
    return joined_rows[[name for name in (*FEATURE_SOURCES, TARGET, PART) if name in joined_rows]].copy()
