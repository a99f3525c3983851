"""How predictions did once outcomes arrived, week by week."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.monitoring.weekly_scores import (
    BelowLevelError,
    judge_weeks,
    mean_test_scores,
    refuse_below_level,
    score_weeks,
    summarize_weeks,
    weekly_metrics,
)

# Two weeks: Monday 2023-01-02 to Sunday 2023-01-08, and the next Monday.
PREDICTED = pd.DataFrame(
    {
        "row": range(6),
        "key": list("abcdef"),
        "day": ["2023-01-02", "2023-01-08", "2023-01-04", "2023-01-09", "2023-01-09", "2023-01-10"],
        "prediction": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    }
)
# The same days with many rows, so that no score hangs on chance.
COPIES = 40


def weekly(errors: list[float], least_rows: int = 1) -> pd.DataFrame:
    joined = PREDICTED.assign(actual=PREDICTED["prediction"] + pd.Series(errors))
    return score_weeks(joined.dropna(subset="actual"), "mae", least_rows)


def judge(errors: list[float], test: float | np.ndarray, drop: float, copies: int = COPIES) -> pd.DataFrame:
    """Judge predictions that are wrong by so much, each as often as there are copies."""
    joined = PREDICTED.assign(actual=PREDICTED["prediction"] + pd.Series(errors)).dropna(subset="actual")
    joined = pd.concat([joined] * copies)
    return judge_weeks(score_weeks(joined, "mae", 1), joined, "mae", test, drop)


def test_weeks_begin_on_monday_and_all_of_them_stand_below() -> None:
    table = weekly([1, 2, 3, 10, 20, 30])
    assert table.to_dict("list") == {
        "week": ["2023-01-02", "2023-01-09", "all"], "rows": [3, 3, 6], "mae": [2, 20, 11],
    }  # fmt: skip


def test_a_week_of_few_outcomes_is_not_scored() -> None:
    assert weekly([1, 2, 3, 10, 20, 30], least_rows=4)["mae"].isna().tolist() == [True, True, False]


def test_the_level_is_the_test_score_worse_by_the_drop() -> None:
    errors = judge([1, 2, 3, 10, 20, 30], test=2.0, drop=1.0)
    assert errors["level"].tolist() == [3, 3, 3]
    assert errors["below"].tolist() == [False, True, True]


@pytest.mark.parametrize(("rows", "below"), [(4, False), (8, False), (400, True)])
def test_a_week_is_below_the_level_only_beyond_what_chance_makes_of_its_rows(rows: int, below: bool) -> None:
    # Half are right: an accuracy of 0.5, of a model that should have 0.65, is as likely as 0.7 of eight rows.
    joined = pd.DataFrame({"day": "2023-01-02", "class": [0, 1] * (rows // 2), "actual": 1})
    judged = judge_weeks(score_weeks(joined, "accuracy", 1), joined, "accuracy", 0.7, 0.05)
    assert judged["accuracy"].tolist() == [0.5, 0.5]
    assert judged["below"].tolist() == [below, below]
    assert (judged["high"] < 0.65).tolist() == [below, below]
    if not below:
        refuse_below_level(judged)


def test_the_interval_is_that_of_the_weeks_worse_than_the_level() -> None:
    judged = judge([1, 2, 3, 10, 20, 30], test=2.0, drop=1.0)
    assert judged["low"].isna().tolist() == [True, False, False]
    week = judged.iloc[1]
    assert 15 < week["low"] < week["mae"] < week["high"] < 25


@pytest.mark.filterwarnings("error")
def test_weeks_are_found_in_no_spelling_that_pandas_gives_up() -> None:
    assert weekly([1, 2, 3, 10, 20, 30])["week"].tolist() == ["2023-01-02", "2023-01-09", "all"]


@pytest.mark.parametrize("drop", [8.0, 17.0])
def test_a_fall_below_the_level_ends_with_an_error_that_tells_the_week(drop: float) -> None:
    judged = judge([1, 2, 3, 10, 20, 30], 0.0, drop)
    told = r"the week of 2023-01-09: mae 20 \[1\d\.\d+, 2\d\.\d+\] on 120 rows is worse than the level"
    with pytest.raises(BelowLevelError, match=told):
        refuse_below_level(judged)


def test_what_is_good_enough_and_weeks_long_past_raise_nothing() -> None:
    refuse_below_level(judge([1, 2, 3, 10, 20, 30], 2.0, 18.0))
    refuse_below_level(judge([10, 20, 30, 1, 1, 1], 2.0, 10.0))


def test_curves_have_a_point_a_week() -> None:
    curves = weekly_metrics(judge([1, 2, 3, 10, 20, np.nan], 2.0, 1.0, copies=1), "mae")
    assert curves["monitor/mae"] == {0: 2, 1: 15}
    assert curves["monitor/level"] == {0: 3, 1: 3}
    assert curves["monitor/rows"] == {0: 3, 1: 2}


def test_a_week_of_two_models_is_held_against_the_mean_of_their_test_scores() -> None:
    tests = mean_test_scores(PREDICTED.assign(test=[2.0, 2.0, 5.0, 4.0, 4.0, 4.0]))
    assert tests.tolist() == [3.0, 4.0, 3.5]
    assert judge([1, 2, 3, 10, 20, 30], tests, 1.0)["level"].tolist() == [4.0, 5.0, 4.5]


def test_how_many_weeks_were_judged_is_counted_beside_the_score_of_all_together() -> None:
    errors = [1.0, 2, 3, 10, 20, np.nan]
    assert summarize_weeks(weekly(errors, least_rows=3)) == {"weeks": 2, "judged_weeks": 1, "overall_mae": 7.2}
    assert summarize_weeks(weekly(errors, least_rows=9)) == {"weeks": 2, "judged_weeks": 0, "overall_mae": 7.2}
    one_class = pd.DataFrame({"week": ["2023-01-02", "all"], "rows": [9, 9], "auc": [np.nan, np.nan]})
    assert summarize_weeks(one_class) == {"weeks": 1, "judged_weeks": 0}
