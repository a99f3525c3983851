"""Every strategy of a split, validation rows that are other parts' too, copies."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.config.schema import SplitParameters
from casebook.data.split_overlap import MAX_COPY_SEARCH_ROWS, measure_overlap
from casebook.data.splitting import (
    TEST,
    TRAIN,
    VALIDATION,
    EmptySplitError,
    assign_rows,
    check_splits,
    is_first_copy,
    split_days,
    split_given,
    split_keys,
    split_rows,
)

KEYS = {"person": "who", "time": "day", "given": "part"}
rows_with_copies = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=120)


def make_table(rows: int = 60) -> pd.DataFrame:
    number = np.arange(rows)
    return pd.DataFrame(
        {
            "who": number % 17,
            "day": pd.Timestamp("2015-01-01") + pd.to_timedelta(number % 20, unit="D"),
            "part": np.where(number < rows * 3 // 4, "train", "test"),
            "amount": number / 7,
        }
    )


def settings(strategy: str, **given_: Any) -> SplitParameters:  # noqa: ANN401
    defaults = {"keys": KEYS, "test_share": 0.3, "validation_share": 0.2, "seed": 5}
    return SplitParameters.model_validate({"strategy": strategy, **defaults, **given_})


def test_each_strategy_assigns_as_its_own_function_does() -> None:
    table = make_table()
    expected = {
        "row": split_rows(60, 0.3, 0.2, 5),
        "person": split_keys(table["who"], 0.3, 0.2, 5),
        "time": split_days(table["day"], 3, 2),
        "given": split_given(table["part"], 0.2, 5),
        "none": np.full(60, TRAIN | TEST),
    }
    for strategy, parts in expected.items():
        found = assign_rows(table, settings(strategy, test_days=3, validation_days=2))
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, parts)


def test_the_last_days_are_for_test_and_those_before_for_validation() -> None:
    days = pd.Series(pd.to_datetime(["2015-07-31", "2015-07-30", "2015-07-29", "2015-07-28", "2015-07-27"] * 2))
    assert split_days(days, 2, 1).tolist() == [TEST, TEST, VALIDATION, TRAIN, TRAIN] * 2
    assert split_days(days, 1, 0).tolist() == [TEST, TRAIN, TRAIN, TRAIN, TRAIN] * 2
    assert split_days(days.astype("datetime64[s]"), 2, 1).dtype == np.uint8


def test_the_data_sets_own_test_part_is_taken_and_validation_drawn_from_the_rest() -> None:
    given_ = pd.Series(["test", "train", "train", "test", "train", "train", "train"])
    parts = split_given(given_, 0.4, 1)
    assert parts[[0, 3]].tolist() == [TEST, TEST]
    np.testing.assert_array_equal(parts[[1, 2, 4, 5, 6]], split_rows(5, 0.0, 0.4, 1))
    assert np.bincount(parts).tolist() == [0, 3, 2, 0, 2]
    assert split_given(given_.astype("category"), 0.4, 1).tolist() == parts.tolist()
    assert split_given(given_, 0.0, 1).tolist() == [TEST, TRAIN, TRAIN, TEST, TRAIN, TRAIN, TRAIN]


@pytest.mark.parametrize("strategy", ["row", "person", "given"])
def test_without_a_validation_share_there_are_training_and_test_rows_alone(strategy: str) -> None:
    parts = assign_rows(make_table(), settings(strategy, validation_share=0.0))
    assert set(parts) == {TRAIN, TEST}
    shared = assign_rows(make_table(), settings(strategy, validation_share=0.0, validation_on="training"))
    np.testing.assert_array_equal(shared, parts)


@pytest.mark.parametrize(("strategy", "share"), [("row", 0.0), ("row", 0.2), ("person", 0.2), ("given", 0.0)])
def test_validation_on_test_makes_the_test_rows_both_and_all_others_training(strategy: str, share: float) -> None:
    held_out = assign_rows(make_table(), settings(strategy, validation_share=share))
    parts = assign_rows(make_table(), settings(strategy, validation_share=share, validation_on="test"))
    np.testing.assert_array_equal(parts, np.where(held_out == TEST, TEST | VALIDATION, TRAIN))


def test_validation_on_test_where_nothing_is_held_out_makes_every_row_all_three() -> None:
    parts = assign_rows(make_table(), settings("none", validation_share=0.0, validation_on="test"))
    assert set(parts) == {TRAIN | VALIDATION | TEST}


@pytest.mark.parametrize(("strategy", "rows"), [("row", 42), ("none", 60)])
def test_validation_on_training_marks_the_last_of_the_training_rows_which_stay_in_training(
    strategy: str, rows: int
) -> None:
    parts = assign_rows(make_table(), settings(strategy, validation_share=0.25, validation_on="training"))
    training = np.flatnonzero(parts & TRAIN)
    assert len(training) == rows
    last = training[-round(0.25 * rows) :]
    np.testing.assert_array_equal(np.flatnonzero(parts & VALIDATION), last)
    np.testing.assert_array_equal(np.flatnonzero(parts & TEST), np.flatnonzero(assign_test(strategy)))


def assign_test(strategy: str) -> np.ndarray:
    return np.ones(60, bool) if strategy == "none" else split_rows(60, 0.3, 0.2, 5) == TEST


@given(rows_with_copies, st.integers(0, 2**32 - 1))
def test_copies_never_straddle_a_grouped_split(rows: list[tuple[int, int]], seed: int) -> None:
    table = pd.DataFrame(rows, columns=["who", "amount"])
    parts = assign_rows(table, settings("row", seed=seed), "group")
    assert (parts > 0).all()
    assert len(set(zip(rows, parts, strict=True))) == len(set(rows))


@given(rows_with_copies, st.sampled_from(["row", "person", "none"]), st.integers(0, 2**32 - 1))
def test_dropped_copies_are_in_no_part_and_the_rest_is_split_as_if_they_had_never_been(
    rows: list[tuple[int, int]], strategy: str, seed: int
) -> None:
    table = pd.DataFrame(rows, columns=["who", "amount"])
    first = [rows.index(row) == place for place, row in enumerate(rows)]
    parts = assign_rows(table, settings(strategy, seed=seed), "drop")
    np.testing.assert_array_equal(parts > 0, first)
    np.testing.assert_array_equal(parts[first], assign_rows(table[first], settings(strategy, seed=seed)))


def test_kept_copies_are_split_like_any_rows() -> None:
    table = pd.DataFrame({"who": [1] * 200, "amount": [2.5] * 200})
    np.testing.assert_array_equal(assign_rows(table, settings("row")), split_rows(200, 0.3, 0.2, 5))
    assert set(assign_rows(table, settings("row"), "group")) in ({TRAIN}, {VALIDATION}, {TEST})


def test_rows_that_differ_anywhere_are_no_copies() -> None:
    table = pd.DataFrame({"kind": pd.Categorical(["a", "a", "b", "a", None, None]), "n": [1, 2, 1, 1, 1, 1]})
    assert is_first_copy(table.set_axis([*"uvwxyz"])).tolist() == [True, True, True, False, True, False]


def test_an_unwanted_validation_part_may_be_empty_and_a_wanted_one_not() -> None:
    parts, target = np.array([TRAIN, TRAIN, TEST, TEST]), np.array([0, 1, 0, 1])
    check_splits(parts, target, classes=True, validation=False)
    with pytest.raises(EmptySplitError, match="split: no rows for validation"):
        check_splits(parts, target, classes=True)
    with pytest.raises(EmptySplitError, match="split: no rows for test"):
        check_splits(np.array([1, 1, 2, 2]), target, classes=True, validation=False)


def test_days_and_given_parts_are_no_keys_that_a_test_row_could_share() -> None:
    table = pd.DataFrame({"day": [1, 1], "part": ["train", "test"], "who": [7, 7]})
    overlap = measure_overlap(table, np.array([TRAIN, TEST]), {"time": "day", "given": "part", "person": "who"})
    assert overlap == {"seen_person_share": 1.0, "seen_row_share": 0.0}


def test_copies_are_not_looked_for_among_images_or_very_many_rows() -> None:
    images = pd.DataFrame({"image": [np.zeros((2, 2))] * 2})
    assert measure_overlap(images, np.array([TRAIN, TEST]), {}) == {}
    many = pd.DataFrame({"n": np.zeros(MAX_COPY_SEARCH_ROWS + 1, dtype=np.int8)})
    assert measure_overlap(many, np.append(np.full(MAX_COPY_SEARCH_ROWS, TRAIN), TEST), {}) == {}
    assert measure_overlap(many[1:], np.append(np.full(MAX_COPY_SEARCH_ROWS - 1, TRAIN), TEST), {}) == {
        "seen_row_share": 1.0
    }


@pytest.mark.parametrize("duplicates", ["keep", "group", "drop"])
@pytest.mark.parametrize("strategy", ["row", "person", "time", "given", "none"])
def test_assigning_leaves_the_table_as_it_was(strategy: str, duplicates: str) -> None:
    table = make_table()
    assign_rows(table, settings(strategy, test_days=2), duplicates)
    pd.testing.assert_frame_equal(table, make_table())
