"""The columns of the employees' table and the raw columns that each feature is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

TARGET = "left"
# The copies of the file that are about spell one header in three ways.
SPELLINGS = {"Department": "department", "sales": "department"}

EMPLOYEES: dict[str, Kind] = {
    "satisfaction_level": "number",
    "last_evaluation": "number",
    "number_project": "number",
    "average_montly_hours": "number",
    "time_spend_company": "number",
    "Work_accident": "number",
    TARGET: "label",
    "promotion_last_5years": "number",
    "department": "text",
    "salary": "text",
}
# A raw row of the model: an employee without the outcome.
RAW_ROW: dict[str, Kind] = {name: kind for name, kind in EMPLOYEES.items() if name != TARGET}
# Columns cut into steps of equal width: people leave within sharp limits, which a network finds in steps more easily.
STEPS: dict[str, float] = {"satisfaction_step": 0.05, "evaluation_step": 0.05, "hours_step": 10}
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in RAW_ROW},
    "satisfaction_step": ("satisfaction_level",),
    "evaluation_step": ("last_evaluation",),
    "hours_step": ("average_montly_hours",),
}
