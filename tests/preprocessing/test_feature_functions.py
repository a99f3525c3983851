from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casebook.preprocessing.feature_functions import DATE_PARTS, number_in
from casebook.preprocessing.registered_functions import parts_of_date


def date_parts(column: pd.Series, prefix: str) -> dict[str, pd.Series]:
    """Compute all parts of dates by their names."""
    made = parts_of_date(column, [{"part": part} for part in DATE_PARTS])
    return {f"{prefix}_{part}": values for part, values in zip(DATE_PARTS, made, strict=True)}


@pytest.mark.parametrize("kind", ["str", "category", object])
def test_the_number_behind_the_last_blank_or_underscore_is_read(kind: str | type) -> None:
    column = pd.Series(
        ["ppl_100", "act2_1734928", "ppl_1e+05", "group 17304", "type 76", "ppl_1"], dtype=kind, name="id"
    )
    expected = pd.Series([100, 1734928, 100000, 17304, 76, 1], dtype="int32", name="id")
    pd.testing.assert_series_equal(number_in(column), expected)


@pytest.mark.parametrize("kind", ["str", "category", object])
def test_nulls_and_texts_without_a_number_have_none(kind: str | type) -> None:
    column = pd.Series(["type 76", None, "type x", "", "type 7b"], dtype=kind)
    pd.testing.assert_series_equal(number_in(column), pd.Series([76, np.nan, np.nan, np.nan, np.nan]))


def test_a_column_without_any_text_has_no_numbers() -> None:
    assert number_in(pd.Series(pd.Categorical([None, None]))).isna().tolist() == [True, True]


@pytest.mark.parametrize("value", ["ppl_3000000000", "ppl_1.5"])
def test_numbers_that_do_not_fit_a_small_integer_are_not_cut(value: str) -> None:
    assert number_in(pd.Series([value, "ppl_1"])).tolist() == [float(value.removeprefix("ppl_")), 1.0]


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1))
def test_every_id_is_read_back(numbers: list[int]) -> None:
    assert number_in(pd.Series([f"act2_{number}" for number in numbers])).tolist() == numbers


@example(["a_5.", "a_1"])
@example(["a_.5", "a_1"])
@example(["a_+5", "a_1"])
@example(["a_1.e5", "a_1"])
@given(st.lists(st.from_regex(r"(a_|bc )[0-9e+.\-x_ ]{0,5}", fullmatch=True), min_size=1, max_size=4))
def test_what_a_text_holds_does_not_depend_on_the_other_rows(texts: list[str]) -> None:
    together = number_in(pd.Series(texts, dtype="str")).astype("float64")
    one_by_one = [number_in(pd.Series([text, None], dtype="str"))[0] for text in texts]
    np.testing.assert_array_equal(together, one_by_one)


def test_dates_are_taken_apart_with_iso_weeks_at_the_ends_of_years() -> None:
    column = pd.Series(["2021-01-03", "2020-12-31", "2024-12-30", "2023-08-26"], dtype="datetime64[s]")
    expected = pd.DataFrame(
        {
            "day_year": [2021, 2020, 2024, 2023],
            "day_month": [1, 12, 12, 8],
            "day_quarter": [1, 4, 4, 3],
            "day_week": [53, 53, 1, 34],
            "day_weekday": [6, 3, 0, 5],
            "day_day": [3, 31, 30, 26],
        },
        dtype="int16",
    )
    pd.testing.assert_frame_equal(pd.DataFrame(date_parts(column, "day")), expected)


def test_a_missing_date_has_no_parts_and_leaves_the_others_whole() -> None:
    column = pd.Series(["2023-08-26", None], dtype="datetime64[s]", index=["a", "b"])
    parts = pd.DataFrame(date_parts(column, "day"))
    expected = [[2023, 8, 3, 34, 5, 26], [np.nan] * 6]
    names = [f"day_{part}" for part in DATE_PARTS]
    pd.testing.assert_frame_equal(parts, pd.DataFrame(expected, ["a", "b"], names, dtype="float64"))


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_weeks_and_weekdays_are_those_of_the_standard_library(day: date) -> None:
    parts = date_parts(pd.Series([day], dtype="datetime64[s]"), "d")
    year, week, weekday = day.isocalendar()
    assert (int(parts["d_week"][0]), int(parts["d_weekday"][0])) == (week, weekday - 1)
    assert year - int(parts["d_year"][0]) in {-1, 0, 1}


def test_features_leave_their_columns_as_they_were() -> None:
    texts, days = pd.Series(["ppl_1", None]), pd.Series(["2023-08-26", None], dtype="datetime64[s]")
    kept = texts.copy(), days.copy()
    number_in(texts)
    date_parts(days, "d")
    pd.testing.assert_series_equal(texts, kept[0])
    pd.testing.assert_series_equal(days, kept[1])
