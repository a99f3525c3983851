"""Pandera schema of the typed employees. Importing this module imports Pandera."""

from __future__ import annotations

from casebook.data.table_schemas import BINARY, WHOLE, between, describe_table, one_of
from casebook.pipelines.attrition.columns import EMPLOYEES, TARGET

DEPARTMENTS = (
    "IT", "RandD", "accounting", "hr", "management", "marketing", "product_mng", "sales", "support", "technical",
)  # fmt: skip
SALARIES = ("high", "low", "medium")
HOURS_OF_A_MONTH = 744

EMPLOYEES_SCHEMA = describe_table(
    EMPLOYEES,
    {
        **dict.fromkeys(("satisfaction_level", "last_evaluation"), between(0, 1)),
        "number_project": [WHOLE, between(0, 100)],
        "average_montly_hours": between(0, HOURS_OF_A_MONTH),
        "time_spend_company": [WHOLE, between(0, 80)],
        **dict.fromkeys(("Work_accident", TARGET, "promotion_last_5years"), BINARY),
        "department": one_of(DEPARTMENTS),
        "salary": one_of(SALARIES),
    },
)
