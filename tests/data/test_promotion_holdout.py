"""Rows that no run uses: the same in every run, whatever its seed, strategy or way of storing columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.data.promotion_holdout import hash_raw_rows, hold_out_keys
from casebook.data.splitting import PROMOTION, TEST, TRAIN, VALIDATION, EmptySplitError, split_rows
from casebook.stages import promotion

ROWS = 4000
SPLIT = {"strategy": "row", "seed": 1, "promotion_share": 0.1}


@pytest.fixture
def people() -> pd.Series:
    return pd.Series([f"ppl_{number % 1000}" for number in range(ROWS)])


def test_a_share_of_the_keys_goes_whole_and_the_other_rows_stay_where_they_were(people: pd.Series) -> None:
    parts = split_rows(ROWS, 0.2, 0.1, 1)
    held = hold_out_keys(parts, people, 0.05)
    chosen = held == PROMOTION
    assert people[chosen].nunique() / people.nunique() == pytest.approx(0.05, abs=0.02)
    assert set(people[chosen]) & set(people[~chosen]) == set()
    np.testing.assert_array_equal(held[~chosen], parts[~chosen])


@pytest.mark.parametrize("seed", [2, 3])
def test_no_seed_and_no_rows_that_come_later_move_them(people: pd.Series, seed: int) -> None:
    first = hold_out_keys(split_rows(ROWS, 0.2, 0.1, 1), people, 0.05) == PROMOTION
    more = pd.concat([people, pd.Series([f"new_{number}" for number in range(100)])], ignore_index=True)
    again = hold_out_keys(split_rows(len(more), 0.3, 0.0, seed), more, 0.05) == PROMOTION
    np.testing.assert_array_equal(first, again[:ROWS])


def test_a_smaller_share_is_a_part_of_a_larger(people: pd.Series) -> None:
    parts = split_rows(ROWS, 0.2, 0.1, 1)
    small, large = (hold_out_keys(parts, people, share) == PROMOTION for share in (0.05, 0.1))
    assert large[small].all()


def test_a_share_of_nothing_leaves_all_parts(people: pd.Series) -> None:
    parts = split_rows(ROWS, 0.2, 0.1, 1)
    np.testing.assert_array_equal(hold_out_keys(parts, people, 0.0), parts)


def test_a_part_that_would_be_left_without_rows_is_named() -> None:
    keys = pd.Series(["one"] * 10)
    parts = np.array([TRAIN] * 8 + [VALIDATION, TEST], dtype=np.uint8)
    with pytest.raises(EmptySplitError, match=r"promotion_share 0.999\d* leaves no rows for train"):
        hold_out_keys(parts, keys, 0.9999999)


def test_a_raw_rows_hash_does_not_hang_on_how_its_columns_are_stored() -> None:
    days = pd.to_datetime(["2023-01-02", "2023-01-03"])
    plain = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [True, False], "day": days.astype("datetime64[ns]")})
    other = pd.DataFrame(
        {"day": days.astype("datetime64[s]"), "c": [1.0, 0.0], "b": pd.Categorical(["x", "y"]), "a": [1.0, 2.0]}
    )
    pd.testing.assert_series_equal(hash_raw_rows(plain), hash_raw_rows(other))
    assert hash_raw_rows(plain).nunique() == 2


def test_images_are_hashed_by_their_pixels() -> None:
    images = pd.Series([np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8), np.zeros((2, 2), np.uint8)])
    first, second, copy = hash_raw_rows(pd.DataFrame({"image": images}))
    assert first == copy != second


def test_rows_without_a_key_go_with_their_copies_whatever_their_label() -> None:
    rows = pd.DataFrame({"age": np.arange(500) % 250, "y": np.arange(500) // 250})
    dealt = pd.DataFrame({"part": split_rows(500, 0.2, 0.1, 1)})
    held = promotion.hold_out_promotion_rows(dealt, rows, SPLIT, {}, "y")["part"].to_numpy() == PROMOTION
    assert 0 < held.sum() < 150
    np.testing.assert_array_equal(held[:250], held[250:])
    assert list(dealt.columns) == ["part"]


def test_promotion_rows_are_taken_raw_with_their_target() -> None:
    rows = pd.DataFrame({"job": pd.Categorical(["a", None, "b"]), "day": pd.to_datetime(["2023-01-02"] * 3), "y": 1})
    taken = promotion.select_promotion_rows(rows, pd.DataFrame({"part": np.array([1, 8, 8], np.uint8)}), "y")
    assert taken.to_dict("records") == [
        {"job": None, "day": "2023-01-02", "y": 1}, {"job": "b", "day": "2023-01-02", "y": 1},
    ]  # fmt: skip


def test_a_key_that_is_no_raw_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"promotion\.key: there is no raw column 'people'; there are age, y"):
        promotion.hold_out_promotion_rows(
            pd.DataFrame({"part": [1]}), pd.DataFrame({"age": [1], "y": [0]}), SPLIT, {"key": "people"}, "y"
        )
