"""Which numbers a column may hold is part of its type: the same in training, files to predict, requests and a model."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.column_type import InvalidTableError
from casebook.column_types.intervals import Interval, read_range, write_range
from casebook.column_types.invalid_values import InvalidValue, accepts, find_invalid, find_invalid_values
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.column_types.parsing import conform_table

AGE, SHARE, PRICE = "integer in [0, 120]", "number in [0, 1]", "number in (0, inf)"


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        (AGE, [0, 120, "59", "59.0", 59.0, None, "NA"], [-1, 121, "130", 59.5, "x", True]),
        (SHARE, [0, 1, "0.5", 1.0, None], [-0.01, 1.01, "86", math.inf]),
        (PRICE, [0.01, "1e9"], [0, "0.0", -5]),
        ("number in (-inf, 3]", [-1e300, 3], [3.01]),
        ("number in [0, 1)", [0, 0.999], [1]),
        ("number:, in [0, 1]", ["0,5", 0.5], ["1,5"]),
    ],
)
def test_a_column_takes_the_numbers_of_its_interval(kind: str, inside: list[object], outside: list[object]) -> None:
    assert [value for value in inside if not accepts(kind, value)] == []
    assert [value for value in outside if accepts(kind, value)] == []


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["59", "130", "-1"]),
        pd.Series([59, 130, -1]),
        pd.Series([59.0, 130.0, -1.0]),
        pd.Series([59, "130", -1], dtype=object),
        pd.Series(pd.Categorical(["59", "130", "-1"])),
    ],
    ids=lambda column: str(column.dtype),
)
def test_training_and_prediction_refuse_the_same_values_in_any_form(column: pd.Series) -> None:
    told = r"^a\.csv, column age: '130(\.0)?' is not a whole number from 0 to 120 \(2 of 3 rows, first in data row 2"
    with pytest.raises(InvalidTableError, match=told):
        conform_table(column.to_frame("age"), {"age": AGE}, "a.csv")
    found = find_invalid_values(column.to_frame("age"), {"age": AGE})
    assert [(fault.row, fault.column) for fault in found] == [(1, "age"), (2, "age")]
    assert list(find_invalid("age", AGE, [59, 130])) == [
        InvalidValue(1, "age", "130 is not a whole number from 0 to 120")
    ]


def test_numbers_inside_come_out_as_without_an_interval() -> None:
    raw = pd.DataFrame({"age": ["59", None, "41"], "share": ["0", "1", "1"]})
    ranged = conform_table(raw, {"age": AGE, "share": SHARE}, "a.csv")
    pd.testing.assert_frame_equal(ranged, conform_table(raw, {"age": "integer", "share": "number"}, "a.csv"))
    assert ranged["share"].dtype == np.int64


def test_a_request_s_schema_has_the_bounds() -> None:
    assert COLUMN_TYPES[AGE].json_schema == {"type": ["integer", "null"], "minimum": 0, "maximum": 120}
    assert COLUMN_TYPES[PRICE].json_schema == {"type": ["number", "null"], "exclusiveMinimum": 0}


def test_a_kind_is_written_as_it_is_read() -> None:
    assert write_range("number", None, None) == "number"
    assert write_range("integer", 0.0, None) == "integer in [0.0, inf)"
    assert read_range("integer in [0.0, inf)") == ("integer", Interval(0, math.inf, high_open=True))
    assert read_range(write_range("number:,", None, 3.0)) == ("number:,", Interval(-math.inf, 3, low_open=True))
    assert read_range("date:%d in %B") is None
    with pytest.raises(KeyError):
        COLUMN_TYPES["text in [0, 1]"]


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (Interval(0, 1), "from 0 to 1"),
        (Interval(0, math.inf, high_open=True), "of at least 0"),
        (Interval(0, math.inf, low_open=True, high_open=True), "above 0"),
        (Interval(-math.inf, 3, low_open=True), "of at most 3"),
        (Interval(0, 1, high_open=True), "of at least 0 and below 1"),
    ],
)
def test_an_interval_is_described_in_words(interval: Interval, words: str) -> None:
    assert interval.describe() == words
