"""Values that a model could not read are found with their row, column and reason."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.invalid_values import InvalidValue, accepts, explain, find_invalid, find_invalid_values
from casebook.column_types.kinds import COLUMN_TYPES

KINDS = {"who": "text", "day": "date", "open": "flag", "age": "number"}


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["type 1", "", 0, 7, 1.0], [1.5, True, ["a"], {}]),
        (
            "date",
            ["2023-08-26", "2023-8-6", " 2023-08-26 ", "2023-08-26T10:00:00", date(2023, 8, 26)],
            ["yes", "2023-13-01", "26.8.2023", "2023/08/26", 5, True],
        ),
        ("flag", [True, False, "True", "false", 1, 0, "0", 1.0], ["yes", 2, [], "on"]),
        ("number", [1, 1.5, "36", " 2 ", "-1e3", ".5"], [True, "x", float("inf"), "1e400", 10**400, "1_000", []]),
        ("string", ["a review"], ["", "  ", 5, None]),
        (
            "image",
            [[[0, 1], [2, 3]], np.zeros((2, 2))],
            [None, "x", 5, {}, [], [[]], [[0, 1], [2]], [["a"]], [[256]], [[0.5]], [[-1]]],
        ),
    ],
)
def test_each_kind_takes_its_own_values(kind: str, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not accepts(kind, value)] == []
    assert [value for value in bad if accepts(kind, value)] == []


@pytest.mark.parametrize("kind", ["date", "flag", "number", "integer", "boolean", "datetime", "date:%b-%Y", "number:,"])
@pytest.mark.parametrize("null", ["", "  ", " NA ", "NULL"])
def test_blanks_and_texts_for_null_with_blanks_around_are_no_fault_of_what_is_no_text(kind: str, null: str) -> None:
    assert accepts(kind, null)
    for column in (pd.Series([null, None]), pd.Series([null, None], dtype="category")):
        assert COLUMN_TYPES[kind].parse_column(column, "a column").isna().all()


@pytest.mark.parametrize("kind", ["text", "date", "flag", "number"])
@pytest.mark.parametrize("null", [None, float("nan"), pd.NaT])
def test_a_null_is_no_fault_of_a_column(kind: str, null: object) -> None:
    assert accepts(kind, null)


def test_faults_of_a_table_have_row_column_and_reason() -> None:
    rows = pd.DataFrame(
        {
            "who": pd.Categorical(["a", "b", None]),
            "day": pd.Categorical(["2023-01-01", None, "tomorrow"]),
            "open": pd.Series([True, "yes", None], dtype=object),
            "age": [1.0, np.nan, np.inf],
        }
    )
    assert find_invalid_values(rows, KINDS) == [
        InvalidValue(2, "day", "'tomorrow' is not a date like 2023-08-26"),
        InvalidValue(1, "open", "'yes' is not true or false"),
        InvalidValue(2, "age", "inf is not a number"),
    ]


def test_a_wrong_category_that_no_row_has_is_no_fault() -> None:
    days = pd.Categorical(["2023-01-01"], categories=["2023-01-01", "tomorrow"])
    assert find_invalid_values(pd.DataFrame({"day": days}), KINDS) == []


def test_true_is_not_taken_for_the_one_that_was_seen_before() -> None:
    assert list(find_invalid("age", "number", [1, True, 1])) == [InvalidValue(1, "age", "True is not a number")]


def test_a_long_value_is_cut_in_the_reason() -> None:
    assert explain("x" * 500, "number") == f"'{'x' * 59}... is not a number"


def test_images_are_looked_at_one_by_one() -> None:
    images = pd.Series([np.zeros((2, 2), np.uint8), None, [[0, 1], [2, 3]]], dtype=object)
    assert find_invalid_values(pd.DataFrame({"image": images}), {"image": "image"}) == [
        InvalidValue(1, "image", "None is not an image of rows of whole numbers from 0 to 255")
    ]
