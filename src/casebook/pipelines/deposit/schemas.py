"""Pandera schema of the typed clients. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

from casebook.data.table_schemas import WHOLE, between, describe_table, one_of
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

CLIENTS_SCHEMA = describe_table(
    CLIENTS,
    {
        **{name: one_of(values) for name, values in CATEGORIES.items()},
        **{name: [WHOLE, between(*limits)] for name, limits in RANGES.items()},
        TARGET: pa.Check.isin([0, 1], error="must be no or yes"),
    },
)
