from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.pipelines.attrition.columns import EMPLOYEES, FEATURE_SOURCES
from casebook.pipelines.attrition.features import count_steps, engineer_features
from casebook.pipelines.attrition.nodes import ingest_employees, present_rows
from casebook.pipelines.attrition.schemas import DEPARTMENTS, EMPLOYEES_SCHEMA, SALARIES

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED = {
    "satisfaction_level": [0.38, 0.8, 0.11, 0.72],
    "last_evaluation": [0.53, 0.86, 0.88, 1.0],
    "number_project": [2, 5, 7, 4],
    "average_montly_hours": [157, 262, 272, 223],
    "time_spend_company": [3, 6, 4, 5],
    "Work_accident": [0, 1, 0, 0],
    "left": pd.Series([1, 0, 1, 0], dtype="int8"),
    "promotion_last_5years": [0, 0, 1, 0],
    "department": pd.Categorical(["sales", "IT", "RandD", "support"]),
    "salary": pd.Categorical(["low", "medium", "medium", "high"]),
}


def test_employees_are_typed(raw_employees: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(ingest_employees(raw_employees), pd.DataFrame(EXPECTED))


@pytest.mark.parametrize("spelling", ["Department", "department", "sales"])
def test_each_spelling_of_the_departments_header_is_accepted(raw_employees: pd.DataFrame, spelling: str) -> None:
    employees = ingest_employees(raw_employees.rename(columns={"Department": spelling}))
    pd.testing.assert_frame_equal(employees, pd.DataFrame(EXPECTED))


def test_two_spellings_at_once_are_refused(raw_employees: pd.DataFrame) -> None:
    twice = raw_employees.assign(sales=raw_employees["Department"])
    with pytest.raises(
        InvalidTableError,
        match=r"HR_comma_sep\.csv has the department more than once: Department, sales; keep one of them",
    ):
        ingest_employees(twice)


def test_columns_may_come_in_any_order_and_are_put_in_theirs(raw_employees: pd.DataFrame) -> None:
    assert ingest_employees(raw_employees[sorted(raw_employees)]).columns.tolist() == list(EMPLOYEES)


def change(column: str, *values: str | None) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(**{column: list(values)})


WRONG = [
    (lambda table: table.drop(columns="salary"), " lacks the column salary; it has satisfaction_level, last_"),
    (lambda table: table.drop(columns="Department"), " lacks the column department; it has satisfaction_level, last_"),
    (lambda table: table.assign(age="31"), " has columns that nothing is known of: age; remove them"),
    (lambda table: table.head(0), " has a header but no rows; put the complete file there"),
    (
        change("satisfaction_level", "0.3", "0.8", "1.5", "-0.1"),
        ", column satisfaction_level: must be from 0 to 1 (2 rows, first '1.5' in data row 3); mend the file",
    ),
    (
        change("last_evaluation", "0.3", "0.8", "86", "0.1"),
        ", column last_evaluation: must be from 0 to 1 (1 rows, first '86.0' in data row 3); mend the file",
    ),
    (
        change("satisfaction_level", "0.3", None, "0.5", "0.1"),
        ", column satisfaction_level: must not be empty (1 rows, first 'nan' in data row 2); mend the file",
    ),
    (
        change("number_project", "2", "many", "7", "4"),
        ", column number_project: 'many' is not a number (1 of 4 rows, first in data row 2); mend the file",
    ),
    (
        change("number_project", "2", "2.5", "7", "4"),
        ", column number_project: must be a whole number (1 rows, first '2.5' in data row 2); mend the file",
    ),
    (
        change("time_spend_company", "2", "3", "2019", "4"),
        ", column time_spend_company: must be from 0 to 80 (1 rows, first '2019' in data row 3); mend the file",
    ),
    (
        change("average_montly_hours", "157", "-1", "745", "140"),
        ", column average_montly_hours: must be from 0 to 744 (2 rows, first '-1' in data row 2); mend the file",
    ),
    (
        change("Work_accident", "0", "0", "2", "0"),
        ", column Work_accident: must be 0 or 1 (1 rows, first '2' in data row 3); mend the file",
    ),
    (
        change("promotion_last_5years", "yes", "no", "no", "no"),
        ", column promotion_last_5years: 'yes' is not a number (4 of 4 rows, first in data row 1); mend the file",
    ),
    (
        change("Department", "sales", "IT", "kitchen", "support"),
        (", column department: must be one of IT, RandD, accounting, hr, management, marketing, product_mng, sales, "
        "support, technical (1 rows, first 'kitchen' in data row 3); mend the file"),
    ),
    (
        change("salary", "low", "medium", "Low", None),
        ", column salary: must be one of high, low, medium (1 rows, first 'Low' in data row 3); mend the file",
    ),
    (
        change("left", "0", "1", "2", "1"),
        ", column left: '2' is not 0 or 1 (no or yes) (1 of 4 rows, first in data row 3); mend the file",
    ),
    (
        change("left", "0", "gone", "0", "1"),
        ", column left: 'gone' is not 0 or 1 (no or yes) (1 of 4 rows, first in data row 2); mend the file",
    ),
    (
        change("left", "0", "0", "0", "0"),
        ", column left: every row is 0; both classes are needed to learn from",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), WRONG)
def test_a_table_that_cannot_be_used_is_refused_by_file_column_and_value(
    raw_employees: pd.DataFrame, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InvalidTableError) as told:
        ingest_employees(spoil(raw_employees))
    assert f"HR_comma_sep.csv{message}" in str(told.value)


def test_the_schema_knows_every_column_and_no_null() -> None:
    assert list(EMPLOYEES_SCHEMA.columns) == list(EMPLOYEES)
    assert not any(column.nullable for column in EMPLOYEES_SCHEMA.columns.values())
    assert (len(DEPARTMENTS), len(SALARIES)) == (10, 3)


def test_the_joined_rows_are_the_employees(raw_employees: pd.DataFrame) -> None:
    employees = ingest_employees(raw_employees)
    pd.testing.assert_frame_equal(present_rows(employees), pd.DataFrame(EXPECTED))


def test_the_features_are_the_nine_columns_and_three_of_them_in_steps_and_the_outcome_behind_them(
    raw_employees: pd.DataFrame,
) -> None:
    features = engineer_features(ingest_employees(raw_employees))
    left = EXPECTED["left"]
    expected = pd.DataFrame(EXPECTED).drop(columns="left").assign(
        satisfaction_step=[7.0, 16.0, 2.0, 14.0],
        evaluation_step=[10.0, 17.0, 17.0, 20.0],
        hours_step=[15.0, 26.0, 27.0, 22.0],
        left=left,
    )  # fmt: skip
    pd.testing.assert_frame_equal(features, expected)


def test_steps_begin_exactly_at_their_limit_and_a_null_has_none() -> None:
    shares = pd.Series([0.14, 0.15, 0.2, 0.29, 0.3, 0.35, 0.55, 0.6, 1.0])
    assert count_steps(shares, 0.05).tolist() == [2, 3, 4, 5, 6, 7, 11, 12, 20]
    assert count_steps(pd.Series([159, 160, 310]), 10).tolist() == [15, 16, 31]
    assert count_steps(pd.Series([None, 0.5], dtype="float64"), 0.05).isna().tolist() == [True, False]


def test_a_request_has_features_without_an_outcome(raw_employees: pd.DataFrame) -> None:
    request = ingest_employees(raw_employees).drop(columns="left")
    assert engineer_features(request).columns.tolist() == list(FEATURE_SOURCES)


def test_a_request_without_an_unused_column_lacks_its_features_alone(raw_employees: pd.DataFrame) -> None:
    request = ingest_employees(raw_employees).drop(columns=["left", "department", "average_montly_hours"])
    absent = {"department", "average_montly_hours", "hours_step"}
    assert engineer_features(request).columns.tolist() == [name for name in FEATURE_SOURCES if name not in absent]


def test_the_nodes_leave_their_inputs_as_they_are(raw_employees: pd.DataFrame) -> None:
    raw = raw_employees.copy()
    employees = ingest_employees(raw_employees)
    pd.testing.assert_frame_equal(raw_employees, raw)
    kept = employees.copy()
    engineer_features(present_rows(employees))
    pd.testing.assert_frame_equal(employees, kept)


def test_features_of_a_row_do_not_depend_on_the_other_rows(raw_employees: pd.DataFrame) -> None:
    employees = ingest_employees(raw_employees)
    pd.testing.assert_frame_equal(engineer_features(employees.iloc[[2]]), engineer_features(employees).iloc[[2]])
