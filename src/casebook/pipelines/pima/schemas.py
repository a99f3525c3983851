"""Pandera schema of the typed Pima table. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

from casebook.pipelines.pima.columns import PATIENTS, TARGET

NOT_NEGATIVE = pa.Check.ge(0, error="must not be negative")
INTEGER = pa.Check(lambda values: values % 1 == 0, error="must be a whole number")
OWN_CHECKS = {
    "pregnancies": [NOT_NEGATIVE, INTEGER],
    "age": [pa.Check.gt(0, error="must be above 0")],
    TARGET: [pa.Check.isin([0, 1], error="must be 0 or 1")],
}

PATIENTS_SCHEMA = pa.DataFrameSchema(
    {name: pa.Column(checks=OWN_CHECKS.get(name, [NOT_NEGATIVE]), nullable=False) for name in PATIENTS}, strict=True
)
