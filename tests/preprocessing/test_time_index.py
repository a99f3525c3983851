"""Features that tell when a row was: seasons and counters of less than two years."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.preprocessing.row_schema import Feature, RowSchema
from casebook.preprocessing.time_index import days_since_first, list_time_indexes

PARTS = ("year", "month", "quarter", "week", "weekday", "day")
NAMES = [*PARTS, "counter", "countdown", "noise", "same", "place"]


def parts_of(days: pd.DatetimeIndex) -> dict[str, object]:
    """Return the parts of dates as features."""
    calendar = {"week": days.isocalendar().week.to_numpy(int), "weekday": days.day_of_week}
    return {part: calendar[part] if part in calendar else getattr(days, part) for part in PARTS}


def make_rows(days: int) -> pd.DataFrame:
    """Return a row a day from July 2016 on."""
    when = pd.date_range("2016-07-01", periods=days)
    number = np.arange(days)
    noise = np.random.default_rng(1).normal(size=days)
    # Missing values are no obstacle.
    counter = np.where(number % 7 == 0, np.nan, number * 3.0)
    other = {"countdown": -number, "noise": noise, "same": 1, "place": pd.Categorical(number.astype(str))}
    return pd.DataFrame({**parts_of(when), "counter": counter, **other, "at": when})


def make_schema() -> RowSchema:
    made = {part: Feature("date_part", ("at",), {"part": part}) for part in PARTS}
    return RowSchema({"at": "date"}, made | {name: Feature("as_is", (name,)) for name in NAMES[len(PARTS) :]})


@pytest.mark.parametrize("days", [330, 730])
def test_below_two_years_seasons_and_counters_tell_when_a_row_was(days: int) -> None:
    found = list_time_indexes(make_rows(days), NAMES, "at", make_schema())
    assert found == ["year", "month", "quarter", "week", "counter", "countdown"]


def test_rows_of_two_years_keep_all() -> None:
    assert list_time_indexes(make_rows(731), NAMES, "at", make_schema()) == []


def test_parts_of_another_date_are_none_unless_they_grow_with_the_time() -> None:
    rows = make_rows(330).assign(at=np.arange(330))
    assert list_time_indexes(rows, ["month", "weekday", "counter"], "at", RowSchema({}, {})) == ["counter"]


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        # Rank correlations by hand, beside the ranks 1 to 5 of the days: 1 - 6 * (sum of squared differences) / 120.
        ([1, 2, 3, 5, 4], True),  # 0.9
        ([1, 2, 4, 5, 3], False),  # 0.7
        ([5, 4, 3, 2, 1], True),  # -1
        # Ties have the mean of their ranks: 3.5 and 3.5 for 3 and 4 give 0.975.
        ([1.0, 2.0, 9.0, 9.0, 10.0], True),
        ([False, True, False, True, False], False),
        # Of the rows that have a value alone.
        ([3.0, np.nan, 4.0, np.nan, 5.0], True),
        ([np.nan, np.nan, 4.0, 4.0, 4.0], False),
        ([np.nan] * 5, False),
    ],
)
def test_a_number_counts_the_time_from_a_rank_correlation_of_nine_tenths_on(values: list[float], counts: bool) -> None:
    rows = pd.DataFrame({"number": values, "at": range(5)})
    assert list_time_indexes(rows, ["number"], "at", RowSchema({}, {})) == ["number"] * counts


@pytest.mark.parametrize(("noise", "counts"), [(0.3, True), (0.5, False), (5.0, False)])
def test_of_many_rows_it_is_their_own_rank_correlation_that_counts(noise: float, counts: bool) -> None:
    at = np.arange(25_000)
    number = at / 25_000 + noise * np.random.default_rng(3).normal(size=len(at)) * 0.45
    rows = pd.DataFrame({"number": number, "at": at / 100})
    assert (abs(rows["number"].rank().corr(rows["at"].rank())) >= 0.9) == counts
    assert list_time_indexes(rows, ["number"], "at", RowSchema({}, {})) == ["number"] * counts


def test_where_all_rows_are_of_one_time_nothing_counts_it() -> None:
    rows = pd.DataFrame({"number": [1, 2, 3], "at": [7, 7, 7]})
    assert list_time_indexes(rows, ["number"], "at", RowSchema({}, {})) == []


def test_days_are_counted_from_dates_and_from_numbers() -> None:
    days = pd.Series([pd.Timestamp("2016-07-02 12:00"), pd.Timestamp("2016-07-01")])
    assert days_since_first(days).tolist() == [1.5, 0.0]
    assert days_since_first(pd.Series([7, 5])).tolist() == [2.0, 0.0]
