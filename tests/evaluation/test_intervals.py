"""Bootstrap intervals: drawn by key, counted by hand where there are two keys, and as wide as theory has them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from casebook.evaluation.intervals import (
    LEAST_RESAMPLES,
    RESAMPLES,
    bootstrap_scores,
    count_resamples,
    draw_counts,
    draw_weights,
    find_interval,
    find_largest_key,
    number_keys,
)
from casebook.evaluation.metrics import find_metric

ACCURACY = find_metric("accuracy")


def test_keys_are_numbered_as_they_appear_and_a_missing_one_is_a_key_too() -> None:
    assert number_keys(pd.Series(["b", "a", None, "b"]), 4).tolist() == [0, 1, 2, 0]
    assert number_keys(None, 3).tolist() == [0, 1, 2]


def test_the_largest_key_is_named_with_its_share() -> None:
    assert find_largest_key(np.array([0, 1, 1, 2, 1])) == (1, 0.6)


def test_two_keys_give_the_three_scores_that_there_are_by_hand() -> None:
    # The rows of a are right, that of b is wrong: drawn are a and a, a and b twice as often, or b and b.
    target, chosen = np.array([1, 1, 1]), np.array([1, 1, 0])
    codes = number_keys(pd.Series(["a", "a", "b"]), 3)
    found = bootstrap_scores({"own": ACCURACY.scorer(target, chosen)}, codes, 4000)["own"]
    counts = found.round(6).value_counts(normalize=True)
    assert set(counts.index) == {0.0, 0.666667, 1.0}
    assert counts[1.0] == pytest.approx(0.25, abs=0.03)
    assert counts[0.666667] == pytest.approx(0.5, abs=0.03)
    assert find_interval(found) == (0.0, 1.0)


def test_a_row_counts_as_often_as_its_key_is_drawn_times_its_weight() -> None:
    codes = np.array([0, 1, 0])
    counts = list(draw_counts(codes, 5))
    weights = list(draw_weights(codes, 5, np.array([1.0, 2.0, 3.0])))
    assert all(count.sum() == 2 for count in counts)
    for count, weight in zip(counts, weights, strict=True):
        assert weight.tolist() == [count[0], 2 * count[1], 3 * count[0]]


@pytest.mark.parametrize(("rows_a_key", "keys"), [(1, 400), (10, 40)])
def test_intervals_are_as_wide_as_the_number_of_keys_says_not_as_that_of_rows(rows_a_key: int, keys: int) -> None:
    right = np.repeat(np.arange(keys) % 2, rows_a_key)
    codes = np.repeat(np.arange(keys), rows_a_key)
    found = bootstrap_scores({"own": ACCURACY.scorer(np.ones(400), right)}, codes, 2000)["own"]
    low, high = find_interval(found)
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(0.25 / keys), rel=0.08)


def test_the_same_predictions_differ_by_nothing_since_both_meet_the_same_resamples() -> None:
    target, probability = np.arange(40) % 2, np.random.default_rng(0).random(40)
    scorers = {who: find_metric("auc").scorer(target, probability) for who in ("own", "other")}
    found = bootstrap_scores(scorers, np.arange(40), 50)
    assert (found["own"] == found["other"]).all()
    assert found["own"].nunique() > 10


def test_what_is_not_defined_on_a_resample_is_left_out_and_of_nothing_there_is_no_interval() -> None:
    assert find_interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert all(math.isnan(end) for end in find_interval(np.array([np.nan])))


def test_many_rows_are_drawn_less_often() -> None:
    assert [count_resamples(rows) for rows in (10, 60_000, 10**7)] == [RESAMPLES, 250, LEAST_RESAMPLES]
