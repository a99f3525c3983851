import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from casebook.config.schema import SplitParameters
from casebook.data import key_texts, splitting
from casebook.data.split_overlap import measure_overlap, measure_seen_share
from casebook.data.splitting import (
    TEST,
    TRAIN,
    VALIDATION,
    EmptySplitError,
    assign_rows,
    check_splits,
    hash_rows,
    split_classes,
    split_keys,
    split_rows,
)

PUBLISHED_ROWS = 2_197_291


def test_the_published_row_counts_come_out_of_the_row_split() -> None:
    counts = np.bincount(split_rows(PUBLISHED_ROWS, 0.2, 0.1, 2018))
    assert [counts[part] for part in (TRAIN, VALIDATION, TEST)] == [1_582_048, 175_784, 439_459]
    assert counts.sum() == PUBLISHED_ROWS


def test_the_row_split_is_scikit_learns_called_twice() -> None:
    rest, test = train_test_split(np.arange(1003), test_size=0.2, random_state=2018)
    train, validation = train_test_split(rest, test_size=0.1, random_state=2018)
    parts = split_rows(1003, 0.2, 0.1, 2018)
    for part, rows in ((TRAIN, train), (VALIDATION, validation), (TEST, test)):
        np.testing.assert_array_equal(np.flatnonzero(parts == part), np.sort(rows))


def test_another_seed_splits_rows_and_keys_otherwise() -> None:
    keys = pd.Series(np.arange(500))
    assert (split_rows(500, 0.2, 0.1, 1) != split_rows(500, 0.2, 0.1, 2)).any()
    assert (split_keys(keys, 0.2, 0.1, 1) != split_keys(keys, 0.2, 0.1, 2)).any()
    np.testing.assert_array_equal(split_keys(keys, 0.2, 0.1, 1), split_keys(keys, 0.2, 0.1, 1))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.integers(0, 2**32 - 1))
def test_no_key_stands_on_two_sides(keys: list[int], seed: int) -> None:
    parts = split_keys(pd.Series(keys), 0.3, 0.3, seed)
    assert len(set(zip(keys, parts, strict=True))) == len(set(keys))


@given(st.permutations(range(40)), st.integers(1, 40))
def test_a_key_stays_where_it_is_when_rows_are_added_or_reordered(order: list[int], kept: int) -> None:
    parts = dict(enumerate(split_keys(pd.Series(range(40)), 0.3, 0.3, 5)))
    some = order[:kept]
    assert split_keys(pd.Series(some), 0.3, 0.3, 5).tolist() == [parts[key] for key in some]


@pytest.mark.parametrize("kind", ["int32", "float64", "Int64", "str", "category"])
def test_a_key_stays_where_it_is_however_it_is_stored(kind: str) -> None:
    keys = pd.Series(range(40))
    # Categories of texts, as a joined table holds them.
    stored = keys.astype("str").astype(kind) if kind == "category" else keys.astype(kind)
    np.testing.assert_array_equal(split_keys(stored, 0.3, 0.3, 5), split_keys(keys, 0.3, 0.3, 5))


def test_the_side_of_a_key_is_that_of_every_run_before() -> None:
    parts = [4, 4, 1, 1, 1, 1, 1, 4, 1, 4, 1, 1, 1, 4, 4, 2, 1, 2, 2, 4, 1, 1, 2, 4]
    assert split_keys(pd.Series(range(24)), 0.3, 0.3, 5).tolist() == parts
    others = (["a", "b", "c", None, "d", "é"], [1.5, 2.0, -3.0, None], np.array([2**63, 5], "uint64"), [-7, 7])
    sides = [split_keys(pd.Series(keys), 0.3, 0.3, 5).tolist() for keys in others]
    assert sides == [[4, 1, 2, 1, 1, 2], [4, 1, 4, 4], [4, 1], [1, 4]]


def test_keys_that_are_written_piece_by_piece_have_their_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = pd.Series([*range(40), *range(40)])
    whole = split_keys(keys, 0.3, 0.3, 5)
    monkeypatch.setattr(key_texts, "HASHED_KEYS", 7)
    np.testing.assert_array_equal(split_keys(keys, 0.3, 0.3, 5), whole)


def test_a_null_key_is_one_key_and_moves_no_other() -> None:
    keys = pd.Series([*range(40)])
    parts = split_keys(pd.Series([*range(40), None, None]), 0.3, 0.3, 5)
    np.testing.assert_array_equal(parts[:40], split_keys(keys, 0.3, 0.3, 5))
    assert parts[40] == parts[41]


def test_a_key_stays_where_it_is_whatever_other_keys_its_part_of_the_table_holds() -> None:
    keys = pd.Series([None, *np.arange(0, 40, 0.5)])
    whole = split_keys(keys, 0.3, 0.3, 5)
    alone = [int(split_keys(keys.iloc[[row]], 0.3, 0.3, 5)[0]) for row in range(len(keys))]
    assert alone == whole.tolist()
    np.testing.assert_array_equal(split_keys(keys.astype("Float64"), 0.3, 0.3, 5), whole)
    np.testing.assert_array_equal(whole[1::2], split_keys(pd.Series(range(40)), 0.3, 0.3, 5))


@pytest.mark.parametrize("seed", [0, 1, 2018])
def test_the_parts_of_a_keyed_split_have_their_shares(seed: int) -> None:
    counts = np.bincount(split_keys(pd.Series(np.arange(50_000)), 0.2, 0.1, seed))
    shares = counts[[TRAIN, VALIDATION, TEST]] / 50_000
    # Five standard deviations of a share of 50,000 keys.
    np.testing.assert_allclose(shares, [0.72, 0.08, 0.2], atol=0.01)


def test_a_split_with_every_part_and_class_is_accepted() -> None:
    check_splits(np.array([1, 1, 2, 2, 4, 4]), np.array([0, 1, 0, 1, 0, 1]), classes=True)
    check_splits(np.array([1, 2, 4]), np.array([0, 0, 1]), classes=False)
    # One row may be in several parts, another in none.
    check_splits(np.array([7, 7, 0]), np.array([0, 1, 1]), classes=True)
    check_splits(np.array([5, 5, 5]), np.array([0, 1, 1]), classes=True, validation=False)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([1, 1, 1, 1, 4, 4], "split: no rows for validation; use more rows or another share"),
        ([2, 2, 2, 2, 4, 4], "split: no rows for train; use more rows or another share"),
        ([1, 1, 2, 2, 2, 4], "split: test has no row of class 0; use more rows or another seed"),
        ([1, 1, 2, 4, 4, 4], "split: validation has no row of class 1; use more rows or another seed"),
    ],
)
def test_an_empty_part_or_an_absent_class_is_refused(parts: list[int], message: str) -> None:
    with pytest.raises(EmptySplitError, match=message):
        check_splits(np.array(parts), np.array([0, 1, 0, 1, 0, 1]), classes=True)


def test_the_share_of_test_rows_with_a_key_seen_in_training_is_counted_by_rows() -> None:
    table = pd.DataFrame({"person": ["a", "b", "c", "a", "d", "c", None], "group": [1, 1, 1, 1, 2, 1, 1]})
    parts = np.array([TRAIN, TRAIN, VALIDATION, TEST, TEST, TEST, TEST])
    # Among a, d, c and nobody only a is in training; c is in validation alone.
    assert measure_seen_share(table["person"], parts) == 0.25
    overlap = measure_overlap(table, parts, {"person": "person", "group": "group"})
    # Of whole rows only a's comes again.
    assert overlap == {"seen_person_share": 0.25, "seen_group_share": 0.75, "seen_row_share": 0.25}


def test_splitting_leaves_its_inputs_as_they_were() -> None:
    keys = pd.Series(["b", "a", None])
    parts = np.array([1, 2, 4])
    parts.flags.writeable = False
    split_keys(keys, 0.2, 0.1, 1)
    measure_seen_share(keys, parts)
    check_splits(parts, np.array([1, 1, 1]), classes=True)
    pd.testing.assert_series_equal(keys, pd.Series(["b", "a", None]))


def test_each_class_is_dealt_out_alike_and_a_rare_one_stands_in_every_part() -> None:
    labels = np.repeat([0, 1, 2], [900, 97, 3])
    parts = split_classes(labels, 0.2, 0.1, seed=7)
    counts = {label: [int((parts[labels == label] == part).sum()) for part in (1, 2, 4)] for label in (0, 1, 2)}
    assert counts == {0: [648, 72, 180], 1: [70, 8, 19], 2: [1, 1, 1]}
    table = pd.DataFrame({"y": labels})
    settings = SplitParameters(test_share=0.2, validation_share=0.1, seed=7, stratify=True)
    assert (assign_rows(table, settings, labels=labels) == parts).all()
    unlabelled = assign_rows(table, settings)
    assert (unlabelled == split_rows(1000, 0.2, 0.1, 7)).all()


def test_copies_stay_together_where_classes_are_dealt_out_alike() -> None:
    labels = np.repeat([0, 1, 2], [90, 20, 6])
    table = pd.DataFrame({"x": [*range(90), *range(20), 0, 0, 1, 2, 3, 4], "y": labels})
    settings = SplitParameters(test_share=0.2, validation_share=0.1, seed=7, stratify=True)
    parts = assign_rows(table, settings, duplicates="group", labels=labels)
    assert parts[110] == parts[111]
    assert {part: set(labels[parts == part]) for part in (1, 2, 4)} == {1: {0, 1, 2}, 2: {0, 1, 2}, 4: {0, 1, 2}}
    assert int((parts == 4).sum()) in range(22, 26)


@pytest.mark.parametrize("rows", [1, 5, 6, 100])
def test_rows_hashed_in_chunks_have_the_hashes_that_they_have_at_once(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "HASHED_ROWS", 3)
    many = pd.DataFrame({
        "x": np.where(np.arange(100) % 7, np.arange(100) / 3, np.nan),
        "word": pd.Series(["a", "b", None, "c", "d"] * 20, dtype="category"),
        "text": pd.Series([f"t{row % 9}" for row in range(100)], dtype="str"),
        "day": pd.date_range("2024-01-01", periods=100),
    })  # fmt: skip
    table = many.head(rows)
    pd.testing.assert_series_equal(hash_rows(table), pd.util.hash_pandas_object(table, index=False))
    pd.testing.assert_series_equal(hash_rows(table[:0]), pd.util.hash_pandas_object(table[:0], index=False))
