"""What the typed clients must hold, as a Pandera schema. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

from casebook.pipelines.deposit.columns import CLIENTS, TARGET

CATEGORIES: dict[str, tuple[str, ...]] = {
    "job": (
        "admin.", "blue-collar", "entrepreneur", "housemaid", "management", "retired", "self-employed", "services",
        "student", "technician", "unemployed", "unknown",
    ),
    "marital": ("divorced", "married", "single"),
    "education": ("primary", "secondary", "tertiary", "unknown"),
    "default": ("no", "yes"),
    "housing": ("no", "yes"),
    "loan": ("no", "yes"),
    "contact": ("cellular", "telephone", "unknown"),
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "poutcome": ("failure", "other", "success", "unknown"),
}  # fmt: skip
# Least and most of each number; a balance may be anything. pdays is -1 for clients never called before.
RANGES: dict[str, tuple[int, int]] = {
    "age": (0, 120),
    "day": (1, 31),
    "duration": (0, 86_400),
    "campaign": (1, 1_000),
    "pdays": (-1, 36_500),
    "previous": (0, 1_000),
}


def _column(name: str) -> pa.Column:
    """Describe a column: texts by their categories, numbers by their range."""
    if name == TARGET:
        return pa.Column(checks=pa.Check.isin([0, 1], error="must be no or yes"), nullable=False)
    if name in CATEGORIES:
        values = CATEGORIES[name]
        return pa.Column(checks=pa.Check.isin(values, error=f"must be one of {', '.join(values)}"), nullable=False)
    if name not in RANGES:
        return pa.Column(nullable=False)
    least, most = RANGES[name]
    checks = [
        pa.Check(lambda column: column.isna() | (column % 1 == 0), error="must be a whole number"),
        pa.Check.in_range(least, most, error=f"must be from {least} to {most}"),
    ]
    return pa.Column(checks=checks, nullable=False)


CLIENTS_SCHEMA = pa.DataFrameSchema({name: _column(name) for name in CLIENTS}, strict=True)
