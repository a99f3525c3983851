"""Pandera schema of the typed Boston table. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

from casebook.data.table_schemas import ABOVE_ZERO, BINARY, NOT_NEGATIVE, describe_table
from casebook.pipelines.boston.columns import HOUSES, TARGET

PERCENT = pa.Check.in_range(0, 100, error="must be a percentage from 0 to 100")

HOUSES_SCHEMA = describe_table(
    HOUSES,
    {
        **dict.fromkeys(HOUSES, NOT_NEGATIVE),
        **dict.fromkeys(("ZN", "INDUS", "AGE", "LSTAT"), PERCENT),
        **dict.fromkeys(("NOX", "RM", "DIS", "TAX", "PTRATIO", TARGET), ABOVE_ZERO),
        "CHAS": BINARY,
    },
)
