"""Pandera schema of the typed employees. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

from casebook.pipelines.attrition.columns import TARGET

DEPARTMENTS = (
    "IT", "RandD", "accounting", "hr", "management", "marketing", "product_mng", "sales", "support", "technical",
)  # fmt: skip
SALARIES = ("high", "low", "medium")
HOURS_OF_A_MONTH = 744


def _share() -> pa.Column:
    return pa.Column(checks=pa.Check.in_range(0, 1, error="must be from 0 to 1"), nullable=False)


def _integers(most: int, words: str) -> pa.Column:
    """Describe a count; a column with a fraction or a null is no longer of whole numbers."""
    checks = [
        pa.Check(lambda column: column.isna() | (column % 1 == 0), error="must be a whole number"),
        pa.Check.in_range(0, most, error=words),
    ]
    return pa.Column(checks=checks, nullable=False)


def _flag() -> pa.Column:
    return pa.Column(checks=pa.Check.isin([0, 1], error="must be 0 or 1"), nullable=False)


def _one_of(values: tuple[str, ...]) -> pa.Column:
    return pa.Column(checks=pa.Check.isin(values, error=f"must be one of {', '.join(values)}"), nullable=False)


EMPLOYEES_SCHEMA = pa.DataFrameSchema(
    {
        "satisfaction_level": _share(),
        "last_evaluation": _share(),
        "number_project": _integers(100, "must be from 0 to 100"),
        "average_montly_hours": pa.Column(
            checks=pa.Check.in_range(0, HOURS_OF_A_MONTH, error=f"must be from 0 to {HOURS_OF_A_MONTH}"), nullable=False
        ),
        "time_spend_company": _integers(80, "must be from 0 to 80"),
        "Work_accident": _flag(),
        TARGET: _flag(),
        "promotion_last_5years": _flag(),
        "department": _one_of(DEPARTMENTS),
        "salary": _one_of(SALARIES),
    },
    strict=True,
)
