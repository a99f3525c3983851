"""Leak suspects and honest columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.schema_inference.tables import numbers, texts

from casebook.schema_inference.leaks import find_suspects
from casebook.schema_inference.targets import infer_target
from casebook.schema_inference.types import infer_type

if TYPE_CHECKING:
    from casebook.schema_inference.values import ColumnValues

ROWS = 600
RANDOM = np.random.default_rng(3)
SIGNAL = RANDOM.normal(0, 1, ROWS)
PRICE = np.exp(SIGNAL + RANDOM.normal(0, 0.5, ROWS))
LEFT = np.where(SIGNAL + RANDOM.normal(0, 0.5, ROWS) > 0.5, "yes", "no")


def suspects(target: ColumnValues, *columns: ColumnValues, time: str = "") -> dict[str, str]:
    types = {column.name: infer_type(column) for column in columns}
    found = infer_target(target, infer_type(target))
    return {
        suspect.column: suspect.evidence for suspect in find_suspects({c.name: c for c in columns}, types, found, time)
    }


def of_price(column: ColumnValues) -> str:
    return suspects(numbers(PRICE, "price"), column).get(column.name, "")


def of_left(column: ColumnValues) -> str:
    return suspects(texts(LEFT.tolist(), "left"), column).get(column.name, "")


@pytest.mark.parametrize(
    "column",
    [
        numbers(SIGNAL, "strong"),
        numbers(RANDOM.normal(0, 1, ROWS), "noise"),
        texts(RANDOM.choice(["a", "b"], ROWS).tolist(), "kind"),
        numbers(np.where(RANDOM.random(ROWS) < 0.3, np.nan, SIGNAL), "with_nulls"),
        numbers(np.where(SIGNAL > 0, SIGNAL, np.nan), "missing_by_the_signal"),
    ],
    ids=lambda column: column.name,
)
def test_honest_columns_are_not_suspected(column: ColumnValues) -> None:
    assert (of_price(column), of_left(column)) == ("", "")


@pytest.mark.filterwarnings("error")
def test_a_scale_says_nothing_of_a_column_whose_values_have_few_rows_each() -> None:
    places = texts([f"place {row % 45}" for row in range(80)], "place")
    assert suspects(numbers(np.arange(80.0) * 11 % 37.7, "score"), places) == {}


def test_a_copy_of_the_target_in_another_unit_orders_the_rows_as_it_does() -> None:
    twisted = numbers(np.exp(-3 * PRICE**3), "cost")
    assert of_price(numbers(PRICE * 100, "cost")).startswith("alone it tells the target: R2 0.9")
    assert of_price(twisted) == "it orders the rows as the target does: rank correlation 1.000"


def test_classes_cut_out_of_a_number_are_told_by_it() -> None:
    band = np.where(np.median(PRICE) < PRICE, "dear", "cheap")
    assert of_price(texts(band.tolist(), "band")) == "the target tells it: 99.7% of errors avoided"


def test_grades_that_explain_nearly_all_of_a_number_are_suspected() -> None:
    grades = np.digitize(PRICE, np.quantile(PRICE, np.arange(0.1, 1, 0.1)))
    assert of_price(texts([f"g{grade}" for grade in grades], "grade")).startswith("the target tells it")
    assert of_price(texts([f"g{grade}" for grade in RANDOM.permutation(grades)], "grade")) == ""


def test_what_a_class_is_like_is_no_leak() -> None:
    kinds = RANDOM.choice(["oak", "elm", "fir", "yew"], ROWS)
    needles = texts(np.where(np.isin(kinds, ["fir", "yew"]), "needle", "leaf").tolist(), "foliage")
    levels = RANDOM.choice(["low", "medium", "high", "very high"], ROWS)
    coarse = texts(["alarm" if level.endswith("high") else "calm" for level in levels], "alarm")
    assert suspects(texts(kinds.tolist(), "tree"), needles) == {}
    assert list(suspects(texts(levels.tolist(), "risk"), coarse)) == ["alarm"]


def test_a_column_that_tells_the_class_alone_is_suspected() -> None:
    ended = np.where(LEFT == "yes", RANDOM.integers(1, 9, ROWS), 99)
    assert of_left(numbers(ended, "months_since")).startswith("alone it tells the target: AUC 1.000")


def test_nulls_that_follow_the_class_are_suspected() -> None:
    closed = [f"r{number % 40}" if left == "yes" else None for number, left in enumerate(LEFT)]
    assert "its nulls follow the target: correlation 1.00" in of_left(texts(closed, "reason_code"))


def test_nulls_where_the_target_is_null_are_suspected_but_not_a_few_of_them() -> None:
    target = PRICE.copy()
    target[:100] = np.nan
    noise = RANDOM.normal(0, 1, ROWS)
    with_it, few, others = noise.copy(), noise.copy(), noise.copy()
    with_it[:95], few[:20], others[200:300] = np.nan, np.nan, np.nan
    told = np.where(np.isnan(target), np.nan, SIGNAL)
    columns = [numbers(with_it, "air_time"), numbers(few, "plane"), numbers(others, "rain")]
    assert suspects(numbers(target, "delay"), *columns, numbers(told, "dep_delay")) == {
        "air_time": "null where the target is: 95 of its 95 nulls",
        "dep_delay": "null where the target is: 100 of its 100 nulls",
    }
    # Nobody answered there: none of the columns tells the target.
    assert suspects(numbers(target, "delay"), *columns) == {}
    # Nor where a country was not judged at all, so that most of its columns are empty.
    of_years = [numbers(np.where(np.isnan(target), np.nan, noise), f"index_{letter}") for letter in "abcdefghij"]
    assert suspects(numbers(target, "delay"), *of_years, numbers(told, "dep_delay")) == {}


def test_a_name_that_says_after_counts_where_the_column_tells_something() -> None:
    mixed = SIGNAL + RANDOM.normal(0, 1, ROWS)
    noise = numbers(RANDOM.normal(0, 1, ROWS), "paid_late_fees")
    assert of_price(numbers(mixed, "paid_interest")) == "its name says 'paid'"
    assert of_price(noise) == ""
    assert set(suspects(numbers(PRICE, "price"), noise, numbers(mixed, "paid_interest"))) == {
        "paid_interest", "paid_late_fees",
    }  # fmt: skip
    assert of_price(numbers(mixed, "previous_paid")) == ""


def test_the_targets_name_within_another_counts_where_the_column_tells_much() -> None:
    assert of_left(numbers(SIGNAL, "left_score")).startswith("it has the target's name, and AUC")
    assert of_left(numbers(RANDOM.normal(0, 1, ROWS), "left_noise")) == ""
    assert of_left(numbers(SIGNAL, "last_left")) == ""


def test_a_quantity_of_the_targets_kind_counts_where_it_tells_nearly_all() -> None:
    part = numbers(PRICE + np.random.default_rng(5).normal(0, 0.6, ROWS), "hwy_mpg")
    found = suspects(numbers(PRICE, "comb_mpg"), part, part.rename("prev_mpg"), numbers(SIGNAL, "city_mpg"))
    assert found == {"hwy_mpg": "it is of mpg as comb_mpg is, and R2 0.94 alone"}
    assert suspects(numbers(PRICE, "price"), part) == {}


def test_numbers_beyond_those_of_32_bits_are_looked_at_too() -> None:
    huge = np.where(np.arange(ROWS) % 50 == 0, 1e90, PRICE)
    assert of_price(numbers(huge, "mass")).startswith("alone it tells the target: R2")
    assert suspects(numbers(huge, "mass"), numbers(PRICE[::-1].copy(), "price"), texts(["a", "b"] * 300, "x")) == {}


def test_what_another_model_predicted_is_suspected() -> None:
    said = numbers((SIGNAL + np.random.default_rng(5).normal(0, 1, ROWS) > 0.5) * 1.0, "y_pred")
    assert of_left(said) == "its name says 'pred'"


def test_nulls_that_nearly_follow_the_target_are_honest() -> None:
    random = np.random.default_rng(5)
    idle = random.random(ROWS) < 0.4
    income = numbers(np.where(idle, 0, PRICE), "income")
    hours = np.where(idle ^ (np.arange(ROWS) % 30 == 0), np.nan, random.normal(0, 1, ROWS))
    assert suspects(income, numbers(hours, "hours")) == {}
    exactly = numbers(np.where(idle, np.nan, random.normal(0, 1, ROWS)), "hours")
    assert suspects(income, exactly) == {"hours": "its nulls follow the target: correlation 1.00"}


def test_dates_after_the_rows_own_time_are_suspected() -> None:
    start = np.datetime64("2024-01-01") + RANDOM.integers(0, 300, ROWS).astype("timedelta64[D]")
    opened = texts([str(day) for day in start], "opened")
    closed = texts([str(day + np.timedelta64(5 + row % 9, "D")) for row, day in enumerate(start)], "until")
    assert suspects(texts(LEFT.tolist(), "left"), opened, closed, time="opened") == {
        "until": "later than opened in 100% of the rows"
    }
    assert suspects(texts(LEFT.tolist(), "left"), opened, closed, time="until") == {}
    # A stay of minutes or days is what is asked, however short all of them are.
    left = texts([f"{day}T00:0{row % 10}:00" for row, day in enumerate(start)], "left_at")
    assert "left_at" in suspects(texts(LEFT.tolist(), "left"), opened, left, time="opened")
    # A year later in each row, leap years aside, is known from the first.
    expires = texts([str(day + np.timedelta64(365 + (row % 50 == 0), "D")) for row, day in enumerate(start)], "expires")
    assert suspects(texts(LEFT.tolist(), "left"), opened, expires, time="opened") == {}


def test_petals_are_honest() -> None:
    from sklearn.datasets import load_iris

    table = load_iris(as_frame=True).frame
    target = texts([f"s{number}" for number in table.pop("target")], "species")
    assert suspects(target, *(numbers(table[name].to_numpy(), name) for name in table)) == {}


def test_the_same_rows_give_the_same_suspects_and_nothing_is_changed() -> None:
    column = numbers(SIGNAL.copy(), "left_score")
    assert of_left(column) == of_left(column)
    assert np.array_equal(column.parsed_numbers, SIGNAL)


def test_the_time_itself_is_no_suspect() -> None:
    days = texts([f"2024-{1 + row // 28:02d}-{1 + row % 28:02d}" for row in range(300)], "day")
    trend = numbers(np.arange(300.0) + RANDOM.normal(0, 1, 300), "price")
    assert list(suspects(trend, days)) == ["day"]
    assert suspects(trend, days, time="day") == {}


def test_names_of_one_stem_say_what_was_earlier_and_what_is_later() -> None:
    size = np.exp(RANDOM.normal(0, 2, ROWS))
    columns = [numbers(size * RANDOM.normal(1, 0.002, ROWS), f"population_{year}") for year in (2011, 2016, 2026)]
    found = suspects(numbers(size, "population_2021"), *columns)
    assert list(found) == ["population_2026"]
    assert "its name says that it is later than population_2021" in found["population_2026"]
    weeks = [numbers(size + RANDOM.normal(0, 3, ROWS), name) for name in ("score.2w", "score.8w", "other.8w")]
    assert list(suspects(numbers(size, "score.4w"), *weeks)) == ["score.8w"]
    items = [numbers(size + RANDOM.normal(0, 3, ROWS), name) for name in ("item1", "item3")]
    assert suspects(numbers(size, "item2"), *items) == {}
