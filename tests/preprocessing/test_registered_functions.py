"""Registered row functions: exact values, and the same for a column as for the plain values of its rows."""

from __future__ import annotations

from datetime import date, datetime
from math import nan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.preprocessing.registered_functions import FUNCTIONS, hash_words

DAYS = pd.Series(pd.to_datetime(["2018-03-01", None, "2024-12-30"]))
TIMES = pd.Series(pd.to_datetime(["2018-03-01 23:10", None, "2024-12-30 00:00"]))
NUMBERS = pd.Series([0.0, -3.0, nan, 100.0])
SIZES = pd.Series(pd.Categorical(["L", None, "S"], ["S", "M", "L"], ordered=True))
ORDER = ["S", "M", "L"]

CASES: list[tuple[str, dict[str, Any], pd.Series, list[Any], list[float]]] = [
    ("date_part", {"part": "year"}, DAYS, [date(2018, 3, 1), None, date(2024, 12, 30)], [2018, nan, 2024]),
    ("date_part", {"part": "week"}, DAYS, [date(2018, 3, 1), None, date(2024, 12, 30)], [9, nan, 1]),
    ("date_part", {"part": "hour"}, TIMES, [datetime(2018, 3, 1, 23, 10), None, datetime(2024, 12, 30)], [23, nan, 0]),
    ("log1p", {}, NUMBERS, [0.0, -3.0, nan, 100.0], [0.0, -np.log(4), nan, np.log(101)]),
    ("zero_as_missing", {}, NUMBERS, [0.0, -3.0, nan, 100.0], [nan, -3, nan, 100]),
    ("steps", {"width": 0.05}, pd.Series([0.15, nan, 0.2]), [0.15, nan, 0.2], [3, nan, 4]),
    ("is_missing", {}, NUMBERS, [0.0, -3.0, nan, 100.0], [0, 0, 1, 0]),
    ("is_missing", {}, DAYS, [date(2018, 3, 1), None, date(2024, 12, 30)], [0, 1, 0]),
    ("rank", {"order": ORDER}, SIZES, ["L", None, "S"], [2, nan, 0]),
    ("rank", {"order": ORDER}, pd.Series(["XL", "M"], dtype="category"), ["XL", "M"], [nan, 1]),
    ("zero_or_one", {}, pd.Series([True, None, False], dtype=object), [True, None, False], [1, nan, 0]),
    ("zero_or_one", {}, pd.Series([True, False]), [True, False], [1, 0]),
    ("quantity", {"decimal": "."}, pd.Series(["$1,500", None, "no"]), ["$1,500", None, "no"], [1500, nan, nan]),
    ("number_in_text", {}, pd.Series(["type 76", None]), ["type 76", None], [76, nan]),
    ("as_is", {}, NUMBERS, [0.0, -3.0, nan, 100.0], [0, -3, nan, 100]),
]


@pytest.mark.parametrize(("name", "options", "column", "values", "expected"), CASES)
def test_a_function_makes_the_same_of_a_column_as_of_its_values(
    name: str, options: dict[str, Any], column: pd.Series, values: list[Any], expected: list[float]
) -> None:
    function = FUNCTIONS[name]
    before = column.copy()
    made = function.of_columns(column, **options)
    np.testing.assert_allclose(made.to_numpy(np.float64, na_value=nan), expected)
    assert function.of_values is not None
    np.testing.assert_allclose(np.array([function.of_values(value, **options) for value in values], float), expected)
    pd.testing.assert_series_equal(column, before)
    assert set(options) == set(function.options)


def test_functions_of_two_columns_leave_missing_what_cannot_be_computed() -> None:
    first, second = (
        pd.Series(pd.to_datetime(["2024-01-01", None])),
        pd.Series(pd.to_datetime(["2024-01-03 12:00", "2024-01-01 00:00"])),
    )
    np.testing.assert_allclose(FUNCTIONS["days_between"].of_columns(first, second), [2.5, nan])
    np.testing.assert_allclose(
        FUNCTIONS["ratio"].of_columns(pd.Series([1, 2, nan]), pd.Series([4, 0, 1])), [0.25, nan, nan]
    )


def test_words_are_counted_by_a_hash_that_is_the_same_in_every_process() -> None:
    assert hash_words("Red, red wine", 64) == {15: 2, 40: 1}
    function = FUNCTIONS["hashed_word"]
    texts = pd.Series(["Red, red wine", None, "wine"], dtype="str")
    options = [{"bucket": bucket, "buckets": 64} for bucket in range(64)]
    assert function.of_columns_at_once is not None
    assert function.of_values is not None
    together = np.stack(function.of_columns_at_once(texts, options), axis=1)
    alone = np.array([[function.of_values(text, **o) for o in options] for text in (texts[0], None, texts[2])])
    assert together.sum(axis=1).tolist() == [3, 0, 1]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(function.of_columns(texts, **options[15]), together[:, 15])
