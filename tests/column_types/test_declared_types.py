"""The types of declared columns: which spellings are one value, in a column as in a single value."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.column_types import COLUMN_TYPES, InvalidTableError
from casebook.column_types.invalid_values import find_invalid_values

SIZES = 'ordinal:["S", "M", "L"]'


@pytest.mark.parametrize(
    ("kind", "spelled", "value"),
    [
        ("integer", ["1", "1.0", " 1 ", 1, 1.0, np.int64(1)], 1.0),
        ("number:,", ["1,5", "1.5", 1.5, " 1,5 "], 1.5),
        ("boolean", ["yes", "TRUE", " y", "1", 1, True, "on", "T", 1.0], True),
        ("boolean", ["no", "False", "n ", "0", 0, False, "off", "f"], False),
        ("category", ["1", "1.0", " 1", 1, 1.0, np.float64(1)], "1"),
        ("category", [1.5, "1.5"], "1.5"),
        (SIZES, ["M", " M "], "M"),
        ("date:%b-%Y", ["Mar-2018", "2018-03-01", " Mar-2018", date(2018, 3, 1)], date(2018, 3, 1)),
        (
            "datetime",
            ["2018-03-01T10:30:00Z", "2018-03-01 10:30", "2018-03-01T10:30:00.250"],
            datetime(2018, 3, 1, 10, 30),
        ),
        ("datetime:%d.%m.%Y %H:%M", ["01.03.2018 10:30", "2018-03-01 10:30"], datetime(2018, 3, 1, 10, 30)),
    ],
)
def test_spellings_of_one_value_are_read_alike_alone_and_in_a_column(
    kind: str, spelled: list[Any], value: object
) -> None:
    column_type = COLUMN_TYPES[kind]
    assert [column_type.parse_value(each) for each in spelled] == [value] * len(spelled)
    for each in spelled:
        parsed = column_type.parse_column(pd.Series([each, None]), "a column")
        assert parsed.iloc[0] == (pd.Timestamp(value) if isinstance(value, date) else value), each
        assert pd.isna(parsed.iloc[1])
        if isinstance(each, str):
            parsed = column_type.parse_column(pd.Series([each, each], dtype="category"), "a column")
            assert parsed.iloc[1] == (pd.Timestamp(value) if isinstance(value, date) else value), each


@pytest.mark.parametrize("kind", ["id", "category"])
def test_an_id_of_more_digits_than_a_float_holds_keeps_all_of_them(kind: str) -> None:
    number = 2**60 + 1
    assert [COLUMN_TYPES[kind].parse_value(each) for each in (number, np.int64(number), str(number))] == [
        str(number)
    ] * 3
    assert COLUMN_TYPES[kind].parse_column(pd.Series([number, 5]), "a column").tolist() == [str(number), "5"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", "1.5", "a whole number"),
        ("integer", 1.5, "a whole number"),
        ("integer", "one", "a whole number"),
        ("number:,", "1.234,5", "a number"),
        ("boolean", "maybe", "yes or no"),
        (SIZES, "XL", "one of S, M, L"),
        ("date:%b-%Y", "3/2018", "a date like Aug-2023 or 2023-08-26"),
        ("datetime", "yesterday", "a time like 2023-08-26 14:30:00"),
    ],
)
def test_values_of_another_type_are_refused_with_column_count_and_first_row(
    kind: str, value: object, expected: str
) -> None:
    assert not COLUMN_TYPES[kind].accepts(value)
    with pytest.raises(
        InvalidTableError, match=rf"a.csv, column c: .* is not {expected}.*\(2 of 3 rows, first in data row 2"
    ):
        COLUMN_TYPES[kind].parse_column(pd.Series([None, value, value], dtype=object), "a.csv, column c")
    faults = find_invalid_values(pd.DataFrame({"c": pd.Series([None, value], dtype=object)}), {"c": kind})
    assert [(fault.row, fault.column) for fault in faults] == [(1, "c")]


def test_whole_numbers_in_a_column_of_floats_are_looked_at_for_fractions() -> None:
    with pytest.raises(InvalidTableError, match=r"1 of 2 rows, first in data row 2"):
        COLUMN_TYPES["integer"].parse_column(pd.Series([1.0, 2.5]), "a column")
    assert COLUMN_TYPES["integer"].parse_column(pd.Series([1.0, 2.0]), "a column").dtype == np.int64


def test_an_ordinal_is_an_ordered_category_of_all_its_values() -> None:
    parsed = COLUMN_TYPES[SIZES].parse_column(pd.Series(["L", None, "S"]), "a column")
    assert parsed.cat.categories.tolist() == ["S", "M", "L"]
    assert parsed.cat.ordered
    assert parsed.cat.codes.tolist() == [2, -1, 0]


def test_a_category_of_blanks_is_missing_and_clean_texts_stay_as_they_are() -> None:
    parsed = COLUMN_TYPES["category"].parse_column(pd.Series([" ", "a", "b "], dtype="category"), "a column")
    assert parsed.isna().tolist() == [True, False, False]
    assert parsed.iloc[2] == "b"
    clean = pd.Series(["b", "a", None], dtype="category")
    assert COLUMN_TYPES["category"].parse_column(clean, "a column").cat.categories.tolist() == ["a", "b"]


def test_an_unknown_kind_is_no_type() -> None:
    with pytest.raises(KeyError):
        COLUMN_TYPES["colour:red"]


@pytest.mark.parametrize("kind", ["category", SIZES])
def test_a_text_for_null_with_blanks_around_it_is_no_category(kind: str) -> None:
    column_type = COLUMN_TYPES[kind]
    assert column_type.parse_value(" NA ") is None
    parsed = column_type.parse_column(pd.Series([" NA ", "M"], dtype="category"), "a column")
    assert parsed.isna().tolist() == [True, False]


def test_an_order_may_name_what_else_stands_for_null() -> None:
    assert COLUMN_TYPES['ordinal:["NA", "M"]'].parse_value("NA") == "NA"
    assert COLUMN_TYPES[SIZES].parse_value("NA") is None
