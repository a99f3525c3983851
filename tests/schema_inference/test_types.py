"""Types of columns."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.schema_inference.tables import numbers, texts

from casebook.schema_inference.types import infer_type
from casebook.schema_inference.values import ColumnValues


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2", None], "integer"),
        (["1.5", "2"], "number"),
        (["00501", "10001"], "category"),
        (["yes", "NO", "No"], "boolean"),
        (["yes", "no", "unknown"], "category"),
        (["Yes", "No", None], "boolean"),
        (["t", "f"], "boolean"),
        (["on", "off"], "boolean"),
        (["TRUE", "FALSE"], "boolean"),
        (["male", "female"], "category"),
        (["2024-01-05"], "date"),
        (["low", "medium", "high"], "ordinal"),
        ([None, None], "category"),
    ],
)
def test_texts_have_the_type_of_all_their_values(values: list[str | None], expected: str) -> None:
    assert infer_type(texts(values)).type == expected


@pytest.mark.parametrize(
    ("form", "decimal"),
    [("{}%", "."), ("${},000", "."), ("{}.5 km", "."), ("{},5 %", ","), ("1{}-2", ""), ("no. {}", ""), ("{}.1.2", "")],
)
def test_numbers_with_signs_around_them_are_told_from_other_texts(form: str, decimal: str) -> None:
    assert infer_type(texts([form.format(row) for row in range(112, 340)], "a")).decimal == decimal


def test_few_numbers_and_many_units_are_categories() -> None:
    assert infer_type(texts(["1%", "2%", "3%"] * 9, "a")).decimal == ""
    assert infer_type(texts([f"{row} {unit}" for row in range(9) for unit in ("st", "ave", "lane")], "a")).decimal == ""


def test_typed_columns_keep_their_types() -> None:
    days = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"]))
    assert infer_type(ColumnValues.of(days)).type == "date"
    assert infer_type(ColumnValues.of(days + pd.Timedelta("1h"))).type == "datetime"
    assert infer_type(numbers([True, False])).type == "boolean"
    assert infer_type(numbers([1.5, 2.0])).type == "number"


def test_a_typed_table_says_which_numbers_are_categories_and_which_categories_have_an_order() -> None:
    assert infer_type(ColumnValues.of(pd.Series([10, 20, 10], dtype="category"))).type == "category"
    sizes = pd.Series(pd.Categorical(["b", "a"], categories=["b", "a", "never"], ordered=True))
    inferred = infer_type(ColumnValues.of(sizes).rename("size"))
    assert (inferred.type, inferred.order) == ("ordinal", ("b", "a", "never"))


def test_digits_of_dates_are_dates_where_the_name_says_so() -> None:
    values = ["20240131", "20231201"]
    assert infer_type(texts(values, "order_date")).format == "%Y%m%d"
    assert infer_type(texts(values, "reads")).type == "integer"


def test_long_texts_that_hardly_repeat_are_texts() -> None:
    reviews = [f"the film number {number} was good" for number in range(40)]
    assert infer_type(texts(reviews, "review")).type == "text"
    assert infer_type(texts(reviews[:3] * 20, "review")).type == "category"
    assert infer_type(texts([f"K{number}" for number in range(40)], "code")).type == "category"


def test_digits_behind_a_zero_are_a_code_and_count_nothing() -> None:
    found = infer_type(texts([f"{number:03d}" for number in range(1, 60)], "a"))
    assert (found.type, found.decimal, found.why) == ("category", "", "digits of a code")


def test_digits_of_a_postcode_count_nothing() -> None:
    for values in (["98101", "98102", "98103"] * 20, [*(str(98100 + n) for n in range(60)), "98108-1234"]):
        assert infer_type(texts(values, "zip_code")).type == "category"
        assert infer_type(texts(values, "zip_code")).decimal == ""
    assert infer_type(texts(["98101", "98102"] * 20, "price")).type == "integer"


def test_choices_of_a_survey_are_categories_not_numbers_ranges_or_amounts() -> None:
    found = infer_type(texts(["1", "2", "3", "1,2", "1,2,3", "2,3"] * 9, "a"))
    assert (found.type, found.why, found.order) == ("category", "numbers of choices", ())
    assert infer_type(texts([str(n) for n in range(9)] + ["1,2", "2,3", "3,4"], "a")).decimal == ""
    # Ranges are no lists, and halves of one digit no choices.
    assert infer_type(texts(["0-1", "2-4", "5+"] * 9, "a")).type == "ordinal"
    assert infer_type(texts(["1,5", "2", "2,5"] * 9, "a", decimal=",")).type == "number"
