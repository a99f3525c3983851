"""Columns as distinct values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
from tests.schema_inference.tables import numbers, texts

from casebook.schema_inference.values import ColumnValues


def test_blanks_around_texts_make_no_other_value_and_blanks_alone_are_null() -> None:
    column = texts(["a", " a", "b ", "  ", None])
    assert (column.texts, column.nulls, column.counts.tolist()) == (["a", "b"], 2, [2, 1])


def test_texts_of_digits_are_numbers_but_codes_with_leading_zeros_are_not() -> None:
    assert texts(["1", "2.5", "-3e2"]).numbers is not None
    assert texts(["501", "00501"]).numbers is None
    assert texts(["1", "x"]).numbers is None
    assert texts(["1", "inf"]).numbers is None


def test_a_decimal_comma_is_read_as_one() -> None:
    column = texts(["1,5", "2"], decimal=",")
    assert sorted(column.parsed_numbers.tolist()) == [1.5, 2.0]


def test_whole_numbers_may_be_written_as_floats() -> None:
    assert texts(["1.0", "2"]).is_whole
    assert not texts(["1.5", "2"]).is_whole
    assert not numbers([True, False]).is_whole


def test_what_parquet_and_spreadsheets_hold_is_understood() -> None:
    days = ColumnValues.of(pd.Series([date(2024, 1, 1), None, date(2024, 1, 2)]))
    assert (days.distinct.dtype.kind, days.nulls) == ("M", 1)
    assert ColumnValues.of(pd.Series([Decimal("1.5"), Decimal("2")])).numbers is not None
    assert ColumnValues.of(pd.Series([1, "x", None], dtype=object)).numbers is None
    assert not ColumnValues.of(pd.Series([True, False, None], dtype=object)).is_whole


def test_rows_without_a_partner_are_null() -> None:
    column = texts(["a", "b"]).take(np.array([1, -1, 0]))
    assert column.codes.tolist() == [1, -1, 0]


def test_objects_that_cannot_be_hashed_are_looked_at_as_texts() -> None:
    column = ColumnValues.of(pd.Series([[1], [2], [1]], name="lists"))
    assert (column.texts, len(column)) == (["[1]", "[2]"], 3)


def test_the_first_rows_of_some_values_are_counted_from_one() -> None:
    column = texts(["1", "x", "2", "x", "y", "x"])
    assert column.first_rows(np.array([text in "xy" for text in column.texts])) == "2, 4, 5"


def test_blanks_around_a_text_for_null_leave_it_null() -> None:
    column = texts(["4", " NA ", "5", " n/a"])
    assert (column.texts, column.nulls, column.is_whole) == (["4", "5"], 2, True)
