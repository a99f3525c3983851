"""Lags by group and time: pandas' shift where rows are given whole, and the same where a model looks back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.preprocessing.lags import History, lag_column

BY = {"value": "sales", "time": "day", "group": "store"}


def make_rows(count: int = 60, seed: int = 1) -> pd.DataFrame:
    """Make rows of four stores in no order, no store twice on a day, some sales and a store missing."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(count), unit="D")
    every = pd.MultiIndex.from_product([["a", "b", "c", "d"], days], names=["store", "day"]).to_frame(index=False)
    rows = every.sample(count, random_state=seed).reset_index(drop=True)
    sales = rng.normal(size=count)
    sales[::7] = np.nan
    return rows.assign(sales=sales, store=rows["store"].astype("category"))


def shifted(rows: pd.DataFrame, steps: int) -> pd.Series:
    ordered = rows.sort_values("day")
    return ordered.groupby("store", observed=True)["sales"].shift(steps).reindex(rows.index)


@given(st.integers(1, 5), st.integers(0, 20))
def test_a_lag_is_the_shift_of_pandas_within_each_group_by_time(steps: int, seed: int) -> None:
    rows = make_rows(seed=seed)
    kept = rows.copy()
    found = lag_column(rows, None, **BY, steps=steps)
    pd.testing.assert_series_equal(found, shifted(rows, steps), check_names=False)
    pd.testing.assert_frame_equal(rows, kept)


def test_without_a_group_all_rows_have_one_past_and_times_may_be_numbers() -> None:
    rows = pd.DataFrame({"week": [3, 1, 2, 5], "sales": [30.0, 10.0, 20.0, 50.0]}, index=[7, 8, 9, 10])
    found = lag_column(rows, None, value="sales", time="week", steps=1)
    np.testing.assert_array_equal(found, [20, np.nan, 10, 30])
    assert found.index.tolist() == [7, 8, 9, 10]


def test_rows_of_one_moment_never_see_each_other() -> None:
    rows = pd.DataFrame({"store": "a", "day": [1, 2, 2, 3], "sales": [1.0, 20.0, 21.0, 3.0]})
    # Of day 2 the last value stands; both its rows see day 1.
    np.testing.assert_array_equal(lag_column(rows, None, **BY), [np.nan, 1, 1, 21])


def test_the_future_changes_no_lag() -> None:
    rows = make_rows()
    late = rows["day"] >= rows["day"].median()
    spoilt = rows.assign(sales=rows["sales"].where(~late, 1e9))
    found, other = (lag_column(each, None, **BY) for each in (rows, spoilt))
    pd.testing.assert_series_equal(found[~late], other[~late])


@pytest.mark.parametrize("steps", [1, 3])
def test_a_row_by_itself_looks_back_at_what_was_kept(steps: int) -> None:
    rows = make_rows()
    history = History.of(rows, "day", "store", ["sales"])
    expected = shifted(rows, steps)
    one_by_one = [lag_column(rows.iloc[[place]], history, **BY, steps=steps).iloc[0] for place in range(len(rows))]
    np.testing.assert_array_equal(one_by_one, expected)
    # Given again with all others, and without the value, as rows to predict lack a target.
    np.testing.assert_array_equal(lag_column(rows, history, **BY, steps=steps), expected)
    np.testing.assert_array_equal(lag_column(rows.drop(columns="sales"), history, **BY, steps=steps), expected)


def test_new_rows_look_back_at_those_before_them_in_the_file_and_else_at_the_history() -> None:
    rows = make_rows()
    known, new = rows[rows["day"] < "2024-02-01"], rows[rows["day"] >= "2024-02-01"]
    history = History.of(known, "day", "store", ["sales"])
    np.testing.assert_array_equal(lag_column(new, history, **BY), shifted(rows, 1)[new.index])
    # The target of rows to predict is not known: what is looked back at there is missing, not older.
    without = lag_column(new.drop(columns="sales"), history, **BY)
    first = ~new.sort_values("day")["store"].duplicated().reindex(new.index)
    np.testing.assert_array_equal(without[first], shifted(rows, 1)[new.index][first])
    assert without[~first].isna().all()


def test_a_history_is_kept_as_arrays_and_grows() -> None:
    rows = make_rows()
    early, later = rows[rows["day"] < "2024-01-20"], rows[rows["day"] >= "2024-01-20"]
    whole, first, second = (History.of(each, "day", "store", ["sales"]) for each in (rows, early, later))
    joined = first.join(second)
    for one, other in zip(whole.to_arrays().values(), joined.to_arrays().values(), strict=True):
        np.testing.assert_array_equal(one, other)
    again = History.from_arrays(whole.to_arrays())
    np.testing.assert_array_equal(lag_column(rows, again, **BY), lag_column(rows, whole, **BY))


def test_groups_of_numbers_are_the_same_whatever_type_they_have() -> None:
    rows = pd.DataFrame({"store": [1, 1, 2], "day": [1, 2, 1], "sales": [5.0, 6.0, 7.0]})
    history = History.of(rows, "day", "store", ["sales"])
    asked = pd.DataFrame({"store": [1.0, np.nan, 3.0, 1.0], "day": [3.0, 3.0, 3.0, np.nan]})
    np.testing.assert_array_equal(lag_column(asked, history, **BY), [6, np.nan, np.nan, np.nan])
