"""What columns are for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.schema_inference.tables import texts

from casebook.schema_inference.roles import infer_role
from casebook.schema_inference.types import infer_type
from casebook.schema_inference.values import ColumnValues


def role_of(column: ColumnValues) -> tuple[str, str]:
    found = infer_role(column, infer_type(column))
    return found.role, found.why


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (texts([None] * 20), ("ignore", "empty")),
        (texts(["x"] * 20), ("ignore", "constant: always x")),
        (texts(["x"] + [None] * 99), ("ignore", "99.0% null")),
        (texts([f"17-{number}" for number in range(20)], "idNum"), ("key", "unique texts")),
        (texts([str(n * 37) for n in range(20)], "id"), ("key", "unique whole numbers, called an id")),
        (texts([str(n) for n in range(20)], "rows"), ("key", "unique whole numbers, counted up")),
        (texts([str(93703 + n + n // 3) for n in range(20)], "SEQN"), ("key", "unique whole numbers, rising by row")),
        (texts([str(93703 + n * 37) for n in range(20)], "SEQN"), ("feature", "")),
        (texts([str(93703 + (n * 7) % 23) for n in range(20)], "weight"), ("feature", "")),
        (texts([str(n) for n in range(1990, 2010)], "year"), ("feature", "")),
        (texts([str(n * 37) for n in range(20)], "population"), ("feature", "")),
        (texts([str(n / 7) for n in range(20)], "height"), ("feature", "")),
        (texts([str(n % 15) for n in range(30)], "subject_id"), ("group", "15 of them in 30 rows")),
        (texts([f"P{n % 15}" for n in range(30)], "patient"), ("group", "15 of them in 30 rows")),
        (texts([str(n % 15) for n in range(30)], "account_length"), ("feature", "")),
        (texts([str(n % 15) for n in range(30)], "ratio_child"), ("feature", "")),
        (texts([str(n % 7) for n in range(30)], "family"), ("feature", "")),
        (texts([str(n * 37) for n in range(20)], "PID"), ("key", "unique whole numbers, called an id")),
        (texts([str(n % 15) for n in range(30)], "pid"), ("feature", "")),
        (texts([str(n * 37) for n in range(20)], "paid"), ("feature", "")),
        (texts([f"2:{n % 15}" for n in range(30)], "caseid"), ("group", "15 of them in 30 rows")),
        (texts([str(n % 15 * 671) for n in range(30)], "RANDID"), ("group", "15 of them in 30 rows")),
        (texts([str(n % 15 * 671) for n in range(30)], "idcode"), ("group", "15 of them in 30 rows")),
        (texts([str(n % 15) for n in range(30)], "humid"), ("feature", "")),
        (texts([str(n % 15) for n in range(30)], "code"), ("feature", "")),
        (
            texts([str(2100 + n * 37) for n in range(20)], "volcano_number"),
            ("key", "unique whole numbers, called an id"),
        ),
        (texts([str(n * 37) for n in range(20)], "passengers_number"), ("feature", "")),
        (texts([str(2100 + n * 37) for n in range(20)], "number_of_passengers"), ("feature", "")),
        (texts(["Rex", "Bella", "Max", "Luna", "Tom", "Ida"] * 5, "animal_name"), ("feature", "")),
        (texts([f"Ann {n % 15}" for n in range(30)], "patient_name"), ("group", "15 of them in 30 rows")),
        (texts(["Train", "Test"] * 10, "case"), ("split", "the values are Test, Train")),
        (texts(["Train", "Rail"] * 10, "vehicle"), ("feature", "")),
        (texts(["learning", "validation"] * 10, "set"), ("split", "the values are learning, validation")),
        (texts(["valid", "test"] * 10, "state"), ("feature", "")),
    ],
)
def test_a_role_follows_from_values_and_name(column: ColumnValues, expected: tuple[str, str]) -> None:
    assert role_of(column) == expected


def test_a_split_names_the_values_that_mean_test() -> None:
    column = texts(["training", "holdout", "validation"] * 10, "set")
    assert infer_role(column, infer_type(column)).test == ("holdout",)


def test_where_no_part_is_called_a_test_the_validation_rows_are_it() -> None:
    column = texts(["learning", "validation"] * 10, "set")
    assert infer_role(column, infer_type(column)).test == ("validation",)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (pd.to_timedelta(np.arange(20), "m"), "timedelta64 is no kind that is read"),
        ([[1, 2]] * 10 + [[3]] * 10, "list is no kind that is read"),
        ([{"a": n} for n in range(20)], "dict is no kind that is read"),
        ([b"a", b"b"] * 10, "bytes is no kind that is read"),
    ],
)
def test_what_a_run_cannot_read_is_ignored(values: object, why: str) -> None:
    column = ColumnValues.of(pd.Series(values, name="wait"))
    assert role_of(column) == ("ignore", why)
