"""Deposit's declaration: what its table must hold, and the features that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.cases.declared import read_declaration
from casebook.column_types.parsing import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.declared_fixtures import Ingest

NUMBERS = {
    "age": [59, 30, 41],
    "balance": [2343, -45, 0],
    "day": [5, 31, 1],
    "duration": [1042, 2, 180],
    "campaign": [1, 2, 63],
    "pdays": [-1, 182, 854],
    "previous": [0, 3, 58],
    "deposit": pd.Series([1, 1, 0], dtype="int8"),
}


def test_clients_are_typed_and_yes_is_1(ingest: Ingest, raw_clients: pd.DataFrame) -> None:
    rows, schema = ingest("deposit", raw_clients)
    pd.testing.assert_frame_equal(rows, raw_clients.assign(**NUMBERS))
    assert schema.classes == ("no", "yes")


def change(column: str, *values: str | None) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(**{column: list(values)})


WRONG = [
    (lambda table: table.drop(columns="month"), " 'month'; there are age, job, marital"),
    (lambda table: table.drop(columns="duration"), " 'duration' (did you mean education?); there are age, job"),
    (lambda table: table.head(0), " has a header but no rows; put the complete file there"),
    (
        change("age", "59", "young", "41"),
        ", column age: 'young' is not a whole number (1 of 3 rows, first in data row 2)",
    ),
    (
        change("age", "59", "30.5", "41"),
        ", column age: '30.5' is not a whole number (1 of 3 rows, first in data row 2)",
    ),
    (
        change("age", "59", None, "41"),
        ", column age: must not be empty (1 rows, first 'nan' in data row 2); mend the file",
    ),
    (
        change("age", "59", "-1", "130"),
        ", column age: '-1' is not a whole number from 0 to 120 (2 of 3 rows, first in data row 2)",
    ),
    (
        change("balance", "1", None, "2"),
        ", column balance: must not be empty (1 rows, first 'nan' in data row 2); mend the file",
    ),
    (
        change("day", "0", "31", "32"),
        ", column day: '0' is not a whole number from 1 to 31 (2 of 3 rows, first in data row 1)",
    ),
    (
        change("duration", "1", "2", "-3"),
        ", column duration: '-3' is not a whole number from 0 to 86400 (1 of 3 rows, first in data row 3)",
    ),
    (
        change("pdays", "-1", "-2", "3"),
        ", column pdays: '-2' is not a whole number from -1 to 36500 (1 of 3 rows, first in data row 2)",
    ),
    (
        change("campaign", "0", "2", "3"),
        ", column campaign: '0' is not a whole number from 1 to 1000 (1 of 3 rows, first in data row 1)",
    ),
    (
        change("previous", "0", "2", "-3"),
        ", column previous: '-3' is not a whole number from 0 to 1000 (1 of 3 rows, first in data row 3)",
    ),
    (
        change("month", "may", "May", "jan"),
        (", column month: must be one of jan, feb, mar, apr, may, jun, jul, aug, sep, oct, nov, dec "
        "(1 rows, first 'May' in data row 2); mend the file"),
    ),
    (
        change("job", "pilot", "pilot", "unknown"),
        (", column job: must be one of admin., blue-collar, entrepreneur, housemaid, management, retired, "
        "self-employed, services, student, technician, unemployed, unknown "
        "(2 rows, first 'pilot' in data row 1); mend the file"),
    ),
    (
        change("marital", "married", None, "single"),
        ", column marital: must not be empty (1 rows, first 'nan' in data row 2); mend the file",
    ),
    (
        change("deposit", "yes", "maybe", "no"),
        ", column deposit: 'maybe' (1 rows) is none of the declared classes no, yes",
    ),
    (
        change("deposit", "1", "1", "0"),
        ", column deposit: '1', '0' (3 rows) is none of the declared classes no, yes",
    ),
    (
        change("deposit", "no", "no", "no"),
        ", column deposit: every row is no; two classes at least are needed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), WRONG)
def test_a_table_that_cannot_be_used_is_refused_by_file_column_and_value(
    ingest: Ingest, raw_clients: pd.DataFrame, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InvalidTableError) as told:
        ingest("deposit", spoil(raw_clients))
    assert f"bank.csv{message}" in str(told.value)


@pytest.mark.parametrize(
    "column", ["job", "marital", "education", "default", "housing", "loan", "contact", "month", "poutcome"]
)
def test_each_column_of_categories_refuses_another_one(ingest: Ingest, raw_clients: pd.DataFrame, column: str) -> None:
    spoilt = raw_clients.assign(**{column: [*raw_clients[column].astype("str")[:2], "other one"]})
    with pytest.raises(InvalidTableError, match=f"column {column}: must be one of .*'other one' in data row 3"):
        ingest("deposit", spoilt)


def test_the_declaration_knows_every_column_and_no_null(raw_clients: pd.DataFrame) -> None:
    columns = read_declaration("deposit").data.columns
    assert list(columns) == list(raw_clients)
    assert not any(said.nullable for name, said in columns.items() if name != "deposit")


def test_the_features_are_the_sixteen_columns_and_the_answer_behind_them(
    ingest: Ingest, raw_clients: pd.DataFrame
) -> None:
    rows, schema = ingest("deposit", raw_clients)
    before = rows.copy()
    features = schema.engineer_features(rows)
    pd.testing.assert_frame_equal(features, raw_clients.assign(**NUMBERS))
    pd.testing.assert_frame_equal(rows, before)
    assert (features.columns[-1], features.shape[1]) == ("deposit", 17)
    assert schema.value_features == {}


def test_a_request_has_features_without_an_answer_and_without_the_calls_duration(
    ingest: Ingest, raw_clients: pd.DataFrame
) -> None:
    rows, schema = ingest("deposit", raw_clients)
    request = schema.engineer_features(rows.drop(columns=["deposit", "duration"]))
    assert request.columns.tolist() == [name for name in raw_clients if name not in {"deposit", "duration"}]
