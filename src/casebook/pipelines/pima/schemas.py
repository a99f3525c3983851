"""Pandera schema of the typed Pima table. Importing this module imports Pandera."""

from __future__ import annotations

from casebook.data.table_schemas import ABOVE_ZERO, BINARY, NOT_NEGATIVE, WHOLE, describe_table
from casebook.pipelines.pima.columns import PATIENTS, TARGET

PATIENTS_SCHEMA = describe_table(
    PATIENTS,
    {
        **dict.fromkeys(PATIENTS, NOT_NEGATIVE),
        "pregnancies": [NOT_NEGATIVE, WHOLE],
        "age": ABOVE_ZERO,
        TARGET: BINARY,
    },
)
