"""Entries of a leaderboard: their order, what stands once, and how far each is behind the best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from casebook.evaluation.metrics import find_metric
from casebook.reports.judged import Judged
from casebook.reports.leaderboard import BASELINE, NETWORK, REFERENCE, Entry, rank_entries

MAE, ACCURACY = find_metric("mae"), find_metric("accuracy")
TARGET = np.arange(40.0)
KEYS = pd.Series([f"p{row // 4}" for row in range(40)])


def entry(run_id: str, error: float, kind: str = NETWORK, *, kept: bool = True, name: str = "") -> Entry:
    """Make an entry that is wrong by so much in every row."""
    own = Judged("regression", TARGET, TARGET + error, 0.5) if kept else None
    return Entry(kind, name, run_id, abs(error), own=own)


def test_the_best_comes_first_by_the_metrics_own_direction() -> None:
    entries = [Entry(NETWORK, "", run_id, score) for run_id, score in (("a", 0.7), ("b", 0.9), ("c", 0.8))]
    assert [each.run_id for each in rank_entries(entries, None, ACCURACY)] == ["b", "c", "a"]
    assert [each.run_id for each in rank_entries(entries, None, MAE)] == ["a", "c", "b"]


def test_each_is_compared_with_the_best_on_the_same_resamples() -> None:
    best, other, third = rank_entries([entry("a", 2), entry("b", -1), entry("c", 4)], KEYS, MAE)
    assert (best.run_id, best.gain) == ("b", None)
    # Wrong by as much in every row, so that no resample differs.
    assert (other.run_id, other.gain, other.gain_low, other.gain_high) == ("a", -1, -1, -1)
    assert (third.run_id, third.gain) == ("c", -3)


def test_what_is_not_kept_has_its_place_and_no_difference() -> None:
    best, gone, last = rank_entries([entry("a", 3), entry("b", 1), entry("c", 2, kept=False)], KEYS, MAE)
    assert (best.run_id, gone.run_id, gone.gain, last.run_id, last.gain) == ("b", "c", None, "a", -2)


def test_without_the_best_ones_predictions_nothing_is_compared() -> None:
    ranked = rank_entries([entry("a", 3), entry("b", 1, kept=False), entry("c", 2)], KEYS, MAE)
    assert [(each.run_id, each.gain) for each in ranked] == [("b", None), ("c", None), ("a", None)]


def test_few_keys_have_a_difference_without_an_interval() -> None:
    _, other = rank_entries([entry("a", 2), entry("b", 1)], pd.Series(["p", "q"] * 20), MAE)
    assert (other.gain, other.gain_low, other.gain_high) == (-1, None, None)


@pytest.mark.parametrize("kind", [REFERENCE, BASELINE])
def test_a_reference_of_several_runs_stands_once_with_their_number(kind: str) -> None:
    alike = [entry("c", 2, kind, kept=False, name="trees"), entry("b", 2, kind, name="trees")]
    (joined,) = rank_entries([*alike, entry("a", 2, kind, name="trees")], KEYS, MAE)
    assert (joined.run_id, joined.runs) == ("c", 3)
    assert joined.own is alike[1].own
    others = [replace(alike[0], score=3.0), replace(alike[0], name="lines")]
    assert len(rank_entries([*alike, *others], KEYS, MAE)) == 3


def test_runs_that_score_the_same_stand_each_by_itself() -> None:
    assert len(rank_entries([entry("a", 2), entry("b", 2)], KEYS, MAE)) == 2
