"""Attrition's declaration: what its table must hold, and the features that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.cases.declared import read_declaration
from casebook.column_types.parsing import InvalidTableError
from casebook.datasets import DeclaredTable
from casebook.datasets.raw import RawFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.declared_fixtures import Ingest

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


def test_employees_are_typed(ingest: Ingest, raw_employees: pd.DataFrame) -> None:
    rows, schema = ingest("attrition", raw_employees)
    pd.testing.assert_frame_equal(rows, pd.DataFrame(EXPECTED))
    assert schema.classes == (), "0 and 1 are answered as they are"


@pytest.mark.parametrize("spelling", ["Department", "department", "sales", "SALES"])
def test_each_spelling_of_the_departments_header_is_accepted(
    ingest: Ingest, raw_employees: pd.DataFrame, spelling: str, tmp_path: Path
) -> None:
    raw_employees.rename(columns={"department": spelling}).to_csv(tmp_path / "HR.csv", index=False)
    raw = DeclaredTable("attrition", filepath=str(tmp_path / "HR.csv")).load()
    pd.testing.assert_frame_equal(ingest("attrition", raw)[0], pd.DataFrame(EXPECTED), check_categorical=False)


def test_two_spellings_at_once_are_refused(raw_employees: pd.DataFrame, tmp_path: Path) -> None:
    raw_employees.assign(sales=raw_employees["department"]).to_csv(tmp_path / "HR.csv", index=False)
    with pytest.raises(RawFileError, match=r"HR\.csv has the column 'department' 2 times, in places 9 and 11"):
        DeclaredTable("attrition", filepath=str(tmp_path / "HR.csv")).load()


def change(column: str, *values: str | None) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(**{column: list(values)})


WRONG = [
    (lambda table: table.drop(columns="salary"), " 'salary'"),
    (lambda table: table.drop(columns="department"), " 'department'"),
    (lambda table: table.head(0), " has a header but no rows; put the complete file there"),
    (
        change("satisfaction_level", "0.3", "0.8", "1.5", "-0.1"),
        ", column satisfaction_level: '1.5' is not a number from 0 to 1 (2 of 4 rows, first in data row 3)",
    ),
    (
        change("last_evaluation", "0.3", "0.8", "86", "0.1"),
        ", column last_evaluation: '86' is not a number from 0 to 1 (1 of 4 rows, first in data row 3)",
    ),
    (
        change("satisfaction_level", "0.3", None, "0.5", "0.1"),
        ", column satisfaction_level: must not be empty (1 rows, first 'nan' in data row 2); mend the file",
    ),
    (
        change("number_project", "2", "many", "7", "4"),
        ", column number_project: 'many' is not a whole number (1 of 4 rows, first in data row 2)",
    ),
    (
        change("number_project", "2", "2.5", "7", "4"),
        ", column number_project: '2.5' is not a whole number (1 of 4 rows, first in data row 2)",
    ),
    (
        change("time_spend_company", "2", "3", "2019", "4"),
        ", column time_spend_company: '2019' is not a whole number from 0 to 80 (1 of 4 rows, first in data row 3)",
    ),
    (
        change("average_montly_hours", "157", "-1", "745", "140"),
        ", column average_montly_hours: '-1' is not a number from 0 to 744 (2 of 4 rows, first in data row 2)",
    ),
    (
        change("Work_accident", "0", "0", "2", "0"),
        ", column Work_accident: '2' is not a whole number from 0 to 1 (1 of 4 rows, first in data row 3)",
    ),
    (
        change("promotion_last_5years", "yes", "no", "no", "no"),
        ", column promotion_last_5years: 'yes' is not a whole number (4 of 4 rows, first in data row 1)",
    ),
    (
        change("department", "sales", "IT", "kitchen", "support"),
        (", column department: must be one of IT, RandD, accounting, hr, management, marketing, product_mng, sales, "
        "support, technical (1 rows, first 'kitchen' in data row 3); mend the file"),
    ),
    (
        change("salary", "low", "medium", "Low", None),
        ", column salary: must be one of high, low, medium (1 rows, first 'Low' in data row 3); mend the file",
    ),
    (
        change("left", "0", "1", "2", "1"),
        ", column left: '2' (1 rows) is none of the declared classes 0, 1",
    ),
    (
        change("left", "0", "maybe", "0", "1"),
        ", column left: 'maybe' (1 rows) is none of the declared classes 0, 1",
    ),
    (
        change("left", "0", "0", "0", "0"),
        ", column left: every row is 0; two classes at least are needed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), WRONG)
def test_a_table_that_cannot_be_used_is_refused_by_file_column_and_value(
    ingest: Ingest, raw_employees: pd.DataFrame, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InvalidTableError) as told:
        ingest("attrition", spoil(raw_employees))
    assert f"HR_comma_sep.csv{message}" in str(told.value)


def test_the_declaration_knows_every_column_and_no_null(raw_employees: pd.DataFrame) -> None:
    columns = read_declaration("attrition").data.columns
    assert list(columns) == list(raw_employees)
    assert not any(said.nullable for name, said in columns.items() if name != "left")


def test_the_features_are_the_nine_columns_and_three_of_them_in_steps_and_the_outcome_behind_them(
    ingest: Ingest, raw_employees: pd.DataFrame
) -> None:
    rows, schema = ingest("attrition", raw_employees)
    left = EXPECTED["left"]
    expected = pd.DataFrame(EXPECTED).drop(columns="left").assign(
        satisfaction_step=[7.0, 16.0, 2.0, 14.0],
        evaluation_step=[10.0, 17.0, 17.0, 20.0],
        hours_step=[15.0, 26.0, 27.0, 22.0],
        left=left,
    )  # fmt: skip
    pd.testing.assert_frame_equal(schema.engineer_features(rows), expected)


def test_a_request_without_an_unused_column_lacks_its_features_alone(
    ingest: Ingest, raw_employees: pd.DataFrame
) -> None:
    rows, schema = ingest("attrition", raw_employees)
    request = rows.drop(columns=["left", "department", "average_montly_hours"])
    absent = {"department", "average_montly_hours", "hours_step"}
    expected = [name for name in schema.features if name not in absent]
    assert schema.engineer_features(request).columns.tolist() == expected


def test_features_of_a_row_do_not_depend_on_the_other_rows(ingest: Ingest, raw_employees: pd.DataFrame) -> None:
    rows, schema = ingest("attrition", raw_employees)
    alone = schema.engineer_features(rows.iloc[[2]])
    pd.testing.assert_frame_equal(alone, schema.engineer_features(rows).iloc[[2]])
