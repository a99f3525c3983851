"""Rows that arrived later: which are learnt from, which judge, and when they do not fit any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.data.splitting import GIVEN, PROMOTION, TEST, TRAIN, VALIDATION, split_keys
from casebook.incremental_training.arriving_rows import (
    Rows,
    SplitBatch,
    UpdateError,
    learnable,
    measure_unknown,
    refuse_misfit,
    sample_replay,
    split_arrivals,
)
from casebook.preprocessing.arrays import Labels, stack_arrays
from casebook.stages import promotion

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.preprocessing.tabular import TabularPreprocessor

    Fit = Callable[..., TabularPreprocessor]

PEOPLE = pd.Series([f"ppl_{number % 500}" for number in range(2000)])


def test_a_person_who_was_tested_on_or_held_back_in_a_training_run_is_never_learnt_from() -> None:
    old = pd.DataFrame({"part": split_keys(PEOPLE, 0.2, 0.1, 7)})
    rows = pd.DataFrame({"who": PEOPLE, "y": 0})
    split, settings = {"strategy": "row", "seed": 7, "promotion_share": 0.1}, {"key": "who"}
    before = promotion.hold_out_promotion_rows(old, rows, split, settings, "y")["part"].to_numpy()
    dealt = split_arrivals(PEOPLE, PEOPLE, 0.2, 7, 0.1)
    assert set(dealt[before == PROMOTION]) == {PROMOTION}
    assert set(dealt[before == TEST]) == {TEST}
    assert set(dealt[(before & (TRAIN | VALIDATION)) > 0]) == {TRAIN}


def test_no_promotion_rows_where_none_are_held_back() -> None:
    assert PROMOTION not in split_arrivals(PEOPLE, PEOPLE, 0.2, 7, 0.0)


@pytest.fixture
def preprocessor(fit: Fit) -> TabularPreprocessor:
    return fit(pd.DataFrame({"colour": ["red", "blue"] * 50, "size": np.arange(100.0)}))


def test_rows_with_an_unknown_category_are_counted_and_nulls_are_not(preprocessor: TabularPreprocessor) -> None:
    colours = ["red"] * 4 + ["green", "green", "pink"] + [None] * 3
    found = measure_unknown(pd.DataFrame({"colour": colours, "size": np.arange(10.0)}), preprocessor)
    assert found.to_dict("records") == [{"column": "colour", "rows": 3, "share": 0.3, "values": "green, pink"}]
    known = pd.DataFrame({"colour": ["red"], "size": [1e9]})
    assert measure_unknown(known, preprocessor).empty


def test_more_unknown_categories_than_usual_are_refused_by_column(preprocessor: TabularPreprocessor) -> None:
    new = pd.DataFrame({"colour": ["red"] * 7 + ["green"] * 3, "size": 1.0})
    usual = pd.DataFrame({"colour": ["red"] * 8 + ["pink"] * 2, "size": 1.0})
    passed = refuse_misfit(new, usual, preprocessor, 0.1)
    assert passed[["column", "share", "usual"]].to_dict("records") == [{"column": "colour", "share": 0.3, "usual": 0.2}]
    message = (
        r"feature colour: 30.0% of 10 rows .* does not know \(green \.\.\.\); usual are 20.0%.*max_unknown_share=0.09"
    )
    with pytest.raises(UpdateError, match=message):
        refuse_misfit(new, usual, preprocessor, 0.09)


def test_a_feature_that_is_gone_is_refused_by_name(preprocessor: TabularPreprocessor) -> None:
    rows = pd.DataFrame({"size": [1.0]})
    with pytest.raises(UpdateError, match="it has no feature colour, which"):
        refuse_misfit(rows, rows, preprocessor, 1.0)


def test_replayed_rows_are_training_rows_each_at_most_once_and_the_same_for_a_seed() -> None:
    trained = np.arange(100) % 2 == 0
    drawn = sample_replay(trained, 20, 3)
    assert len(set(drawn)) == 20
    assert trained[drawn].all()
    assert (np.diff(drawn) > 0).all()
    np.testing.assert_array_equal(drawn, sample_replay(trained, 20, 3))
    assert sample_replay(trained, 20, 4).tolist() != drawn.tolist()
    assert sample_replay(trained, 1000, 3).tolist() == list(range(0, 100, 2))


def test_the_data_sets_own_test_rows_are_not_learnt_from() -> None:
    assert learnable(pd.DataFrame({GIVEN: ["train", "test", "train"]})).tolist() == [True, False, True]
    assert learnable(pd.DataFrame({"x": [1, 2]})).tolist() == [True, True]


def test_arrays_of_new_and_old_rows_lie_one_behind_the_other(preprocessor: TabularPreprocessor) -> None:
    table = pd.DataFrame({"colour": ["red", "blue", "green"], "size": [1.0, 2.0, 3.0], "y": [0, 1, 1]})
    labels = Labels("y", "binary")
    whole = labels.attach(preprocessor.prepare(table), table)
    parts = [
        labels.attach(preprocessor.prepare(table.iloc[rows]), table.iloc[rows])
        for rows in (slice(1), slice(1, 3), slice(0))
    ]
    for name, values in stack_arrays(stack_arrays(parts[0], parts[1]), parts[2]).items():
        np.testing.assert_array_equal(values, whole[name])


def test_every_row_of_a_batch_is_counted_once() -> None:
    rows = pd.DataFrame({"x": range(6)})
    parts = np.array([TRAIN, TRAIN, TEST, PROMOTION, TRAIN, TEST], dtype=np.uint8)
    dealt = SplitBatch(Rows(rows, rows, np.zeros(6, dtype=np.uint8)), parts, 0.25)
    assert dealt.counts() == {"rows": 6, "learnt": 3, "held_out": 2, "promotion": 1, "unknown_share": 0.25}
    assert dealt.learnt.raw["x"].tolist() == [0, 1, 4]
    assert dealt.held_out.features["x"].tolist() == [2, 5]
    assert dealt.seen.raw["x"].tolist() == [0, 1, 2, 4, 5]
