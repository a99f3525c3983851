from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.pipelines.deposit.columns import CLIENTS, FEATURE_SOURCES
from casebook.pipelines.deposit.features import engineer_features
from casebook.pipelines.deposit.nodes import ingest_clients, present_rows
from casebook.pipelines.deposit.schemas import CATEGORIES, CLIENTS_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_clients_are_typed_and_yes_is_1(raw_clients: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(ingest_clients(raw_clients), raw_clients.assign(**NUMBERS))


def test_columns_may_come_in_any_order_and_are_put_in_theirs(raw_clients: pd.DataFrame) -> None:
    assert ingest_clients(raw_clients[sorted(raw_clients)]).columns.tolist() == list(CLIENTS)
    assert len(CLIENTS) == 17


def change(column: str, *values: str | None) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(**{column: list(values)})


WRONG = [
    (lambda table: table.drop(columns="month"), " lacks the column month; it has age, job, marital"),
    (lambda table: table.drop(columns="duration"), " lacks the column duration; it has age, job, marital"),
    (lambda table: table.assign(colour="red"), " has columns that nothing is known of: colour; remove them"),
    (lambda table: table.head(0), " has a header but no rows; put the complete file there"),
    (
        change("age", "59", "young", "41"),
        ", column age: 'young' is not a number (1 of 3 rows, first in data row 2); mend the file",
    ),
    (
        change("age", "59", "30.5", "41"),
        ", column age: must be a whole number (1 rows, first '30.5' in data row 2); mend the file",
    ),
    (
        change("age", "59", None, "41"),
        ", column age: must not be empty (1 rows, first 'nan' in data row 2); mend the file",
    ),
    (
        change("age", "59", "-1", "130"),
        ", column age: must be from 0 to 120 (2 rows, first '-1' in data row 2); mend the file",
    ),
    (
        change("balance", "1", None, "2"),
        ", column balance: must not be empty (1 rows, first 'nan' in data row 2); mend the file",
    ),
    (
        change("day", "0", "31", "32"),
        ", column day: must be from 1 to 31 (2 rows, first '0' in data row 1); mend the file",
    ),
    (
        change("duration", "1", "2", "-3"),
        ", column duration: must be from 0 to 86400 (1 rows, first '-3' in data row 3); mend the file",
    ),
    (
        change("pdays", "-1", "-2", "3"),
        ", column pdays: must be from -1 to 36500 (1 rows, first '-2' in data row 2); mend the file",
    ),
    (
        change("campaign", "0", "2", "3"),
        ", column campaign: must be from 1 to 1000 (1 rows, first '0' in data row 1); mend the file",
    ),
    (
        change("previous", "0", "2", "-3"),
        ", column previous: must be from 0 to 1000 (1 rows, first '-3' in data row 3); mend the file",
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
        ", column deposit: 'maybe' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 2)",
    ),
    (
        change("deposit", "2", "2", "2"),
        ", column deposit: '2' is not 0 or 1 (no or yes) (3 of 3 rows, first in data row 1)",
    ),
    (
        change("deposit", "no", "no", "no"),
        ", column deposit: every row is 0; both classes are needed to learn from",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "message"), WRONG)
def test_a_table_that_cannot_be_used_is_refused_by_file_column_and_value(
    raw_clients: pd.DataFrame, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InvalidTableError) as told:
        ingest_clients(spoil(raw_clients))
    assert f"bank.csv{message}" in str(told.value)


@pytest.mark.parametrize("column", [*CATEGORIES])
def test_each_column_of_categories_refuses_another_one(raw_clients: pd.DataFrame, column: str) -> None:
    spoilt = raw_clients.assign(**{column: [*raw_clients[column].astype("str")[:2], "other one"]})
    with pytest.raises(InvalidTableError, match=f"column {column}: must be one of .*'other one' in data row 3"):
        ingest_clients(spoilt)


def test_the_schema_knows_every_column_and_no_null() -> None:
    assert list(CLIENTS_SCHEMA.columns) == list(CLIENTS)
    assert not any(column.nullable for column in CLIENTS_SCHEMA.columns.values())


def test_the_joined_rows_are_the_clients(raw_clients: pd.DataFrame) -> None:
    clients = ingest_clients(raw_clients)
    pd.testing.assert_frame_equal(present_rows(clients), raw_clients.assign(**NUMBERS))


def test_the_features_are_the_sixteen_columns_and_the_answer_behind_them(raw_clients: pd.DataFrame) -> None:
    features = engineer_features(ingest_clients(raw_clients))
    pd.testing.assert_frame_equal(features, raw_clients.assign(**NUMBERS))
    assert (features.columns[-1], features.shape[1]) == ("deposit", 17)


def test_a_request_has_features_without_an_answer_and_without_the_calls_duration(raw_clients: pd.DataFrame) -> None:
    request = ingest_clients(raw_clients).drop(columns=["deposit", "duration"])
    assert engineer_features(request).columns.tolist() == [name for name in FEATURE_SOURCES if name != "duration"]


def test_the_nodes_leave_their_inputs_as_they_are(raw_clients: pd.DataFrame) -> None:
    raw = raw_clients.copy()
    clients = ingest_clients(raw_clients)
    pd.testing.assert_frame_equal(raw_clients, raw)
    kept = clients.copy()
    engineer_features(present_rows(clients))
    pd.testing.assert_frame_equal(clients, kept)


def test_features_of_a_row_do_not_depend_on_the_other_rows(raw_clients: pd.DataFrame) -> None:
    clients = ingest_clients(raw_clients)
    pd.testing.assert_frame_equal(engineer_features(clients.iloc[[2]]), engineer_features(clients).iloc[[2]])
