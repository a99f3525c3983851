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


def weekly(errors: list[float], least_rows: int = 1) -> pd.DataFrame:
    joined = PREDICTED.assign(actual=PREDICTED["prediction"] + pd.Series(errors))
    return score_weeks(joined.dropna(subset="actual"), "mae", least_rows)


def test_weeks_begin_on_monday_and_all_of_them_stand_below() -> None:
    table = weekly([1, 2, 3, 10, 20, 30])
    assert table.to_dict("list") == {
        "week": ["2023-01-02", "2023-01-09", "all"], "rows": [3, 3, 6], "mae": [2, 20, 11],
    }  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_weeks_are_found_in_no_spelling_that_pandas_gives_up() -> None:
    assert weekly([1, 2, 3, 10, 20, 30])["week"].tolist() == ["2023-01-02", "2023-01-09", "all"]


def test_a_week_of_few_outcomes_is_not_scored() -> None:
    assert weekly([1, 2, 3, 10, 20, 30], least_rows=4)["mae"].isna().tolist() == [True, True, False]


def test_the_level_is_the_test_score_worse_by_the_drop() -> None:
    errors = judge_weeks(weekly([1, 2, 3, 10, 20, 30]), "mae", test_score=2.0, drop=1.0)
    assert errors["level"].tolist() == [3, 3, 3]
    assert errors["below"].tolist() == [False, True, True]
    growing = judge_weeks(pd.DataFrame({"week": ["w", "all"], "rows": [9, 9], "auc": [0.8, 0.9]}), "auc", 0.9, 0.05)
    assert growing["below"].tolist() == [True, False]


@pytest.mark.parametrize("drop", [8.0, 17.0])
def test_a_fall_below_the_level_ends_with_an_error_that_tells_the_week(drop: float) -> None:
    judged = judge_weeks(weekly([1, 2, 3, 10, 20, 30]), "mae", 2.0, drop)
    with pytest.raises(BelowLevelError, match="the week of 2023-01-09: mae 20 on 3 rows is worse than the level"):
        refuse_below_level(judged)


def test_what_is_good_enough_and_weeks_long_past_raise_nothing() -> None:
    refuse_below_level(judge_weeks(weekly([1, 2, 3, 10, 20, 30]), "mae", 2.0, 18.0))
    refuse_below_level(judge_weeks(weekly([10, 20, 30, 1, 1, 1]), "mae", 2.0, 10.0))


def test_curves_have_a_point_a_week() -> None:
    judged = judge_weeks(weekly([1, 2, 3, 10, 20, np.nan]), "mae", 2.0, 1.0)
    curves = weekly_metrics(judged, "mae")
    assert curves["monitor/mae"] == {0: 2, 1: 15}
    assert curves["monitor/level"] == {0: 3, 1: 3}
    assert curves["monitor/rows"] == {0: 3, 1: 2}


def test_a_week_of_two_models_is_held_against_the_mean_of_their_test_scores() -> None:
    tests = mean_test_scores(PREDICTED.assign(test=[2.0, 2.0, 5.0, 4.0, 4.0, 4.0]))
    assert tests.tolist() == [3.0, 4.0, 3.5]
    judged = judge_weeks(weekly([1, 2, 3, 10, 20, 30]), "mae", tests, 1.0)
    assert judged["level"].tolist() == [4.0, 5.0, 4.5]


def test_how_many_weeks_were_judged_is_counted_beside_the_score_of_all_together() -> None:
    errors = [1.0, 2, 3, 10, 20, np.nan]
    assert summarize_weeks(weekly(errors, least_rows=3)) == {"weeks": 2, "judged_weeks": 1, "overall_mae": 7.2}
    assert summarize_weeks(weekly(errors, least_rows=9)) == {"weeks": 2, "judged_weeks": 0, "overall_mae": 7.2}
    one_class = pd.DataFrame({"week": ["2023-01-02", "all"], "rows": [9, 9], "auc": [np.nan, np.nan]})
    assert summarize_weeks(one_class) == {"weeks": 1, "judged_weeks": 0}
