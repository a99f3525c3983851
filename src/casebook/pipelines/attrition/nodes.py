"""Attrition's own nodes: ingestion of its one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.data.schema_checks import check_table, refuse_one_class
from casebook.pipelines.attrition.columns import EMPLOYEES, SPELLINGS, TARGET

if TYPE_CHECKING:
    import pandas as pd

FILE = "HR_comma_sep.csv"


def ingest_employees(raw_employees: pd.DataFrame) -> pd.DataFrame:
    """Parse and validate the employees; the department's column may be called Department, department or sales.

    Returns:
        The raw columns with `department` spelt so: texts as categories, `left` as integer.
    """
    from casebook.pipelines.attrition.schemas import EMPLOYEES_SCHEMA

    employees = conform_table(rename_department(raw_employees), EMPLOYEES, FILE)
    check_table(employees, EMPLOYEES_SCHEMA, FILE)
    refuse_one_class(employees, TARGET, FILE)
    return employees.astype({TARGET: "int8"})


def rename_department(raw_employees: pd.DataFrame) -> pd.DataFrame:
    """Rename the department's column to its one name.

    Raises:
        InvalidTableError: the table has it under several names.
    """
    found = [name for name in ("department", *SPELLINGS) if name in raw_employees]
    if len(found) > 1:
        raise InvalidTableError(f"{FILE} has the department more than once: {', '.join(found)}; keep one of them")
    return raw_employees.rename(columns=SPELLINGS)


def present_rows(employees: pd.DataFrame) -> pd.DataFrame:
    """Pass the employees on as joined rows: there is no second table."""
    return employees
