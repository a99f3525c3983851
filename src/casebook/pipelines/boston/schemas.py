"""Pandera schema of the typed Boston table. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

from casebook.pipelines.boston.columns import HOUSES, TARGET

NOT_NEGATIVE = pa.Check.ge(0, error="must not be negative")
ABOVE_ZERO = pa.Check.gt(0, error="must be above 0")
PERCENT = pa.Check.in_range(0, 100, error="must be a percentage from 0 to 100")
OWN_CHECKS = {
    **dict.fromkeys(("ZN", "INDUS", "AGE", "LSTAT"), PERCENT),
    **dict.fromkeys(("NOX", "RM", "DIS", "TAX", "PTRATIO", TARGET), ABOVE_ZERO),
    "CHAS": pa.Check.isin([0, 1], error="must be 0 or 1"),
}

HOUSES_SCHEMA = pa.DataFrameSchema(
    {name: pa.Column(checks=OWN_CHECKS.get(name, NOT_NEGATIVE), nullable=False) for name in HOUSES}, strict=True
)
