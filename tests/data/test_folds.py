"""Folds: their sizes, what stays in one, classes, and blocks of time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.config.schema import SplitParameters
from casebook.data.folds import assign_folds, assign_split_folds, list_folds
from casebook.data.splitting import EmptySplitError

KEYS = {"person": "who", "time": "day"}


def deal(table: pd.DataFrame, count: int, labels: np.ndarray | None = None, **split: object) -> list[int]:
    """Deal rows into folds -> the fold of each."""
    settings = SplitParameters.model_validate({"keys": KEYS, "test_days": 1, **split})
    return assign_split_folds(table, count, 1, settings, "keep", labels)[:, 0].tolist()


@given(st.integers(1, 200), st.integers(2, 12), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_folds_are_dealt_in_nearly_equal_sizes_for_each_repeat(rows: int, count: int, repeats: int, seed: int) -> None:
    dealt = assign_folds(rows, count, repeats, seed)
    assert (dealt.shape, dealt.dtype) == ((rows, repeats), np.int16)
    for repeat in dealt.T:
        sizes = np.bincount(repeat, minlength=count)
        assert len(sizes) == count
        assert sizes.max() - sizes.min() <= 1


def test_repeats_and_seeds_deal_otherwise_and_a_seed_always_the_same() -> None:
    dealt = assign_folds(100, 5, 2, seed=1)
    assert (dealt[:, 0] != dealt[:, 1]).any()
    np.testing.assert_array_equal(assign_folds(100, 5, 2, seed=1), dealt)
    assert (assign_folds(100, 5, 2, seed=2) != dealt).any()


@given(st.lists(st.integers(0, 10), min_size=1, max_size=100), st.integers(0, 1000))
def test_rows_of_one_key_stay_in_one_fold(keys: list[int], seed: int) -> None:
    dealt = assign_folds(len(keys), 3, 1, seed, np.array(keys))[:, 0]
    assert len(set(zip(keys, dealt, strict=True))) == len(set(keys))


def test_what_a_split_keeps_on_one_side_is_in_one_fold() -> None:
    table = pd.DataFrame({"who": [5, 6, 5, 7, 6, 5, None, 8, None], "day": 0})
    dealt = pd.Series(deal(table, 3, strategy="person"))
    assert dealt.groupby(table["who"], dropna=False).nunique().tolist() == [1, 1, 1, 1, 1]
    assert sorted(set(dealt)) == [0, 1, 2]
    assert pd.Series(deal(table, 3, strategy="row")).groupby(table["who"]).nunique().max() > 1


def test_folds_of_time_go_forward_and_the_oldest_block_is_only_trained_on() -> None:
    days = pd.Series(pd.to_datetime(["2024-01-04", "2024-01-01", "2024-01-03", "2024-01-02", "2024-01-03", None]))
    dealt = deal(pd.DataFrame({"day": days}), 2, strategy="time")
    assert dealt == [1, -1, 0, 0, 0, -1]
    folds = list(list_folds(np.array(dealt)[:, np.newaxis]))
    assert [(fold.repeat, fold.number) for fold in folds] == [(1, 1), (1, 2)]
    assert [np.flatnonzero(fold.train).tolist() for fold in folds] == [[1, 5], [1, 2, 3, 4, 5]]
    assert [np.flatnonzero(fold.held_out).tolist() for fold in folds] == [[2, 3, 4], [0]]


def test_each_fold_has_its_share_of_each_class_where_the_split_deals_them_alike() -> None:
    labels = np.array([0] * 40 + [1] * 4 + [2] * 6)
    table = pd.DataFrame({"who": labels})
    dealt = pd.Series(deal(table, 2, labels, strategy="row", stratify=True))
    assert dealt.groupby(labels).sum().tolist() == [20, 2, 3]
    assert dealt.tolist() != deal(table, 2, labels, strategy="row")
    # Of keys those of either class: 6 people of whom 2 are ill, in 2 folds.
    people = np.repeat(np.arange(6), 3)
    ill = np.isin(people, (1, 4)).astype(int)
    grouped = pd.Series(deal(pd.DataFrame({"who": people}), 2, ill, strategy="person", stratify=True))
    assert grouped.groupby(people).nunique().tolist() == [1] * 6
    assert grouped.groupby(ill).mean().tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("strategy", "told"), [("person", " of which rows of one person stay together"), ("row", "")])
def test_a_fold_without_a_row_is_refused(strategy: str, told: str) -> None:
    table = pd.DataFrame({"who": [1, 1, 2, 2], "day": [1, 2, 3, 4]})
    with pytest.raises(EmptySplitError, match=f"^folds: 4 rows{told} cannot be dealt into 5 folds; give fewer folds$"):
        deal(table, 5, strategy=strategy)


def test_of_two_classes_each_side_of_a_fold_needs_both() -> None:
    table = pd.DataFrame({"who": [1, 1, 2, 2, 3, 3], "day": range(6)})
    told = "folds: a network would be {} alone in fold 1; give fewer folds, or split.stratify: true"
    assert len(set(deal(table, 3, np.array([0, 1] * 3), strategy="person"))) == 3
    for labels, strategy, rows in (
        ([0, 1, 0, 1, 1, 1], "person", "judged on 2 rows of class 1"),
        ([0, 0, 0, 1, 0, 1], "time", "trained on 2 rows of class 0"),
    ):
        with pytest.raises(EmptySplitError) as refused:
            deal(table, 2 if strategy == "time" else 3, np.array(labels), strategy=strategy)
        assert str(refused.value) == told.format(rows)
