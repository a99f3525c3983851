"""Attrition's own nodes: reading its one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.labels import NO_LABELS, map_labels
from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.data.schema_checks import check_table
from casebook.data.source_names import source_of
from casebook.pipelines.attrition.columns import EMPLOYEES, SPELLINGS, TARGET
from casebook.stages.nodes import refuse_one_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

FILE = "HR_comma_sep.csv"


def ingest_employees(raw_employees: pd.DataFrame, labels: Mapping[str, int] = NO_LABELS) -> pd.DataFrame:
    """Type and check the employees; the department's column may be called Department, department or sales.

    Returns:
        The raw columns with `department` spelt so: texts as categories, `left` as integer.
    """
    from casebook.pipelines.attrition.schemas import EMPLOYEES_SCHEMA

    file = source_of(raw_employees, FILE)
    labelled = map_labels(rename_department(raw_employees), TARGET, labels, file)
    employees = conform_table(labelled, EMPLOYEES, file)
    check_table(employees, EMPLOYEES_SCHEMA, file)
    refuse_one_class(employees, TARGET, file)
    return employees.astype({TARGET: "int8"})


def rename_department(raw_employees: pd.DataFrame) -> pd.DataFrame:
    """Give the department's column its one name.

    Raises:
        InvalidTableError: the table has it under several names.
    """
    found = [name for name in ("department", *SPELLINGS) if name in raw_employees]
    if len(found) > 1:
        file = source_of(raw_employees, FILE)
        raise InvalidTableError(f"{file} has the department more than once: {', '.join(found)}; keep one of them")
    return raw_employees.rename(columns=SPELLINGS)


def present_rows(employees: pd.DataFrame) -> pd.DataFrame:
    """Pass the employees on as joined rows: there is no second table."""
    return employees
