"""The columns of the Pima table and the raw columns that each feature is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

TARGET = "diabetes"

# A raw row of the model: the measurements, without the diagnosis.
RAW_ROW: dict[str, Kind] = {
    "pregnancies": "number",
    "glucose": "number",
    "pressure": "number",
    "skin": "number",
    "insulin": "number",
    "bmi": "number",
    "pedigree": "number",
    "age": "number",
}
PATIENTS: dict[str, Kind] = {**RAW_ROW, TARGET: "label"}
# Nobody alive measures 0 in these: the zero stands for a value that was not taken.
ZEROS_MISSING = ("glucose", "pressure", "skin", "insulin", "bmi")
# Each of them comes twice: with its zeros as missing values, and as the published experiment used it. The parameter
# `preprocessing.columns` chooses.
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in RAW_ROW},
    **{f"{name}_published": (name,) for name in ZEROS_MISSING},
}
