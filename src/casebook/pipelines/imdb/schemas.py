"""Pandera schema of the typed reviews. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

REVIEWS_SCHEMA = pa.DataFrameSchema(
    {
        # That they are texts and not empty is checked before, on whatever the file holds.
        "text": pa.Column(),
        "label": pa.Column(checks=pa.Check.isin([0, 1], error="must be 0 or 1"), nullable=False),
    },
    strict=True,
)
