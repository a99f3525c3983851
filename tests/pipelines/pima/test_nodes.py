from collections.abc import Callable

import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.pipelines.pima.columns import PATIENTS, RAW_ROW
from casebook.pipelines.pima.nodes import ingest_patients
from casebook.pipelines.pima.schemas import PATIENTS_SCHEMA

Change = Callable[[pd.DataFrame], pd.DataFrame]
KAGGLE = ["Pregnancies", "Glucose", "BloodPressure", "SkinThickness", "Insulin", "BMI", "DiabetesPedigreeFunction",
          "Age", "Outcome"]  # fmt: skip


def put_on_top(raw: pd.DataFrame, header: list[str]) -> pd.DataFrame:
    """Make the header line the first row, as reading under given names leaves it."""
    rows = [header, *raw.astype(object).to_numpy().tolist()]
    return pd.DataFrame(rows, columns=raw.columns).astype("category")


def test_patients_are_typed(raw_patients: pd.DataFrame, joined_rows: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(ingest_patients(raw_patients), joined_rows)


@pytest.mark.parametrize("header", [KAGGLE, list(PATIENTS), [f" {name.upper()} " for name in KAGGLE]])
def test_a_header_line_gives_the_same_table_whether_it_was_taken_as_names_or_as_a_row(
    raw_patients: pd.DataFrame, joined_rows: pd.DataFrame, header: list[str]
) -> None:
    pd.testing.assert_frame_equal(ingest_patients(raw_patients.set_axis(header, axis="columns")), joined_rows)
    pd.testing.assert_frame_equal(ingest_patients(put_on_top(raw_patients, header)), joined_rows)


def test_columns_in_another_order_are_put_in_theirs_by_the_header_line(
    raw_patients: pd.DataFrame, joined_rows: pd.DataFrame
) -> None:
    turned = raw_patients[raw_patients.columns[::-1]].set_axis(raw_patients.columns, axis="columns")
    pd.testing.assert_frame_equal(ingest_patients(put_on_top(turned, KAGGLE[::-1])), joined_rows)


def test_a_table_has_eight_inputs_and_the_schema_knows_each_column() -> None:
    assert list(RAW_ROW) == list(PATIENTS)[:8]
    assert list(PATIENTS_SCHEMA.columns) == list(PATIENTS)
    assert not any(column.nullable for column in PATIENTS_SCHEMA.columns.values())


def change(column: str, *values: object) -> Change:
    return lambda table: table.assign(**{column: list(values)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="bmi"), "lacks the column bmi; it has pregnancies, glucose, pressure"),
        (lambda table: table.assign(weight="70"), "has columns that nothing is known of: weight; remove them"),
        (lambda table: table.head(0), "has a header but no rows; put the complete file there"),
        (
            lambda table: put_on_top(table, KAGGLE).head(1),
            "has a header but no rows; put the complete file there",
        ),
        (
            lambda table: put_on_top(table, [*KAGGLE[:7], "Years", "Outcome"]),
            "lacks the column age; it has pregnancies, glucose, pressure, skin, insulin, bmi, pedigree, Years",
        ),
        (
            change("glucose", "148", "much", "183"),
            ", column glucose: 'much' is not a number (1 of 3 rows, first in data row 2)",
        ),
        (change("bmi", "33.6", None, "0"), ", column bmi: must not be empty (1 rows, first 'nan' in data row 2)"),
        (
            change("glucose", "148", "-1", "-2"),
            ", column glucose: must not be negative (2 rows, first '-1' in data row 2)",
        ),
        (
            change("pedigree", "0.6", "0.3", "-0.1"),
            ", column pedigree: must not be negative (1 rows, first '-0.1' in data row 3)",
        ),
        (
            change("pregnancies", "6", "1.5", "8"),
            ", column pregnancies: must be a whole number (1 rows, first '1.5' in",
        ),
        (change("age", "50", "0", "32"), ", column age: must be above 0 (1 rows, first '0' in data row 2)"),
        (
            change("diabetes", "1", "2", "0"),
            ", column diabetes: '2' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 2)",
        ),
        (
            change("diabetes", "1", "ill", "0"),
            ", column diabetes: 'ill' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 2)",
        ),
        (change("diabetes", "1", "1", "1"), ", column diabetes: every row is 1; both classes are needed to learn from"),
    ],
)
def test_patients_that_cannot_be_learnt_from_are_refused(
    raw_patients: pd.DataFrame, spoil: Change, message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest_patients(spoil(raw_patients))
    assert str(caught.value).startswith("pima-indians-diabetes.csv")
    assert message in str(caught.value)


def test_rows_are_counted_from_the_first_patient_with_and_without_a_header_line(raw_patients: pd.DataFrame) -> None:
    spoilt = raw_patients.assign(age=["50", "old", "32"])
    for table in (spoilt, put_on_top(spoilt, KAGGLE)):
        with pytest.raises(InvalidTableError, match=r"1 of 3 rows, first in data row 2"):
            ingest_patients(table)


def test_the_table_stays_as_it_was(raw_patients: pd.DataFrame) -> None:
    for table in (raw_patients, put_on_top(raw_patients, KAGGLE)):
        before = table.copy()
        ingest_patients(table)
        pd.testing.assert_frame_equal(table, before)
