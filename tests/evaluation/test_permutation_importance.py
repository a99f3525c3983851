from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import TabularPreprocessingParameters
from casebook.evaluation.permutation_importance import (
    permute_and_prepare,
    permute_importance,
    permute_prepared_columns,
    permute_raw_columns,
)
from casebook.evaluation.scores import compute_auc
from casebook.preprocessing.fit_tabular import fit_preprocessor

if TYPE_CHECKING:
    from casebook.evaluation.permutation_importance import Permute

ROWS = 400


def make_arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(3)
    arrays = {
        "codes": generator.integers(0, 5, (ROWS, 2)).astype(np.uint8),
        "numbers": generator.normal(size=(ROWS, 2)).astype(np.float32),
    }
    for block in arrays.values():
        block.flags.writeable = False
    return arrays


def make_target(arrays: dict[str, np.ndarray]) -> np.ndarray:
    return (arrays["numbers"][:, 0] + 0.3 * arrays["codes"][:, 0] > 0.6).astype(np.int8)


def predict(arrays: dict[str, np.ndarray]) -> np.ndarray:
    return 1 / (1 + np.exp(-(arrays["numbers"][:, :1] + 0.3 * arrays["codes"][:, :1] - 0.6)))


SOURCES = {"noise": [("codes", 1)], "code": [("codes", 0)], "number": [("numbers", 0), ("numbers", 1)]}


def move(arrays: dict[str, np.ndarray], sources: dict[str, list[tuple[str, int]]]) -> dict[str, Permute]:
    return {name: permute_prepared_columns(arrays, columns) for name, columns in sources.items()}


def test_columns_are_sorted_by_what_shuffling_them_costs_and_unused_ones_cost_nothing() -> None:
    arrays = make_arrays()
    table = permute_importance(predict, arrays, move(arrays, SOURCES), make_target(arrays), repeats=3, seed=1)
    assert table["raw_column"].tolist() == ["number", "code", "noise"]
    assert table["drop_mean"].iloc[0] > 0.3 > table["drop_mean"].iloc[1] > 0.05
    assert table.iloc[2, 1:].tolist() == ["auc", 0.0, 0.0]


def test_the_drop_is_that_of_the_seeded_permutations() -> None:
    arrays = make_arrays()
    target = make_target(arrays)
    generator = np.random.default_rng(7)
    drops = []
    for _ in range(2):
        shuffled = {**arrays, "codes": arrays["codes"][generator.permutation(ROWS)]}
        drops.append(compute_auc(target, predict(arrays)[:, 0]) - compute_auc(target, predict(shuffled)[:, 0]))
    table = permute_importance(predict, arrays, move(arrays, {"code": [("codes", 0)]}), target, repeats=2, seed=7)
    expected = {"raw_column": ["code"], "metric": ["auc"], "drop_mean": [np.mean(drops)], "drop_std": [np.std(drops)]}
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_several_classes_lose_accuracy() -> None:
    arrays = {"codes": np.tile([[0, 1], [1, 0], [2, 1], [2, 0]], (5, 1))}
    target = arrays["codes"][:, 0]

    def predict_classes(blocks: dict[str, np.ndarray]) -> np.ndarray:
        return np.eye(3)[blocks["codes"][:, 0]]

    permuted = move(arrays, {"other": [("codes", 1)], "code": [("codes", 0)]})
    table = permute_importance(predict_classes, arrays, permuted, target, repeats=1, seed=7, task="multiclass")
    shuffled = target[np.random.default_rng(7).permutation(20)]
    assert 0 < (shuffled == target).mean() < 1
    assert table["raw_column"].tolist() == ["code", "other"]
    assert table["metric"].tolist() == ["accuracy"] * 2
    assert table["drop_mean"].tolist() == [1 - (shuffled == target).mean(), 0]


def test_numbers_are_missed_by_more_which_counts_as_a_drop() -> None:
    arrays = {"numbers": np.column_stack([np.arange(10.0), np.zeros(10)])}
    target = np.arange(10.0) + 0.5

    def predict_numbers(blocks: dict[str, np.ndarray]) -> np.ndarray:
        return blocks["numbers"][:, :1]

    permuted = move(arrays, {"empty": [("numbers", 1)], "number": [("numbers", 0)]})
    table = permute_importance(predict_numbers, arrays, permuted, target, repeats=1, seed=7, task="regression")
    shuffled = np.random.default_rng(7).permutation(10)
    growth = np.abs(shuffled - target).mean() - 0.5
    assert growth > 1
    assert table["metric"].tolist() == ["mae"] * 2
    assert table.set_index("raw_column")["drop_mean"].to_dict() == {"number": growth, "empty": 0}


def test_columns_of_one_source_move_together() -> None:
    generator = np.random.default_rng(5)
    value = generator.normal(size=ROWS)
    arrays = {"numbers": np.column_stack([value, -value]), "codes": np.sign(value)[:, None]}
    seen = []

    def remember(blocks: dict[str, np.ndarray]) -> np.ndarray:
        seen.append(np.column_stack([blocks["numbers"], blocks["codes"]]))
        return 1 / (1 + np.exp(-blocks["numbers"][:, 0]))

    permuted = move(arrays, {"raw": [("numbers", 0), ("numbers", 1), ("codes", 0)]})
    permute_importance(remember, arrays, permuted, (value > 0).astype(int), repeats=1, seed=0)
    original, shuffled = seen
    assert not np.array_equal(original, shuffled)
    np.testing.assert_array_equal(shuffled[:, 0], -shuffled[:, 1])
    np.testing.assert_array_equal(np.sign(shuffled[:, 0]), shuffled[:, 2])
    np.testing.assert_array_equal(np.sort(shuffled[:, 0]), np.sort(value))


def test_the_order_of_the_sources_changes_nothing() -> None:
    arrays = make_arrays()
    target = make_target(arrays)
    permuted = move(arrays, SOURCES)
    reordered = dict(reversed(permuted.items()))
    first = permute_importance(predict, arrays, permuted, target, repeats=2, seed=1)
    pd.testing.assert_frame_equal(first, permute_importance(predict, arrays, reordered, target, repeats=2, seed=1))


def test_one_prediction_is_made_per_permutation_and_one_for_the_rows_as_they_are() -> None:
    arrays, calls = make_arrays(), []

    def count(blocks: dict[str, np.ndarray]) -> np.ndarray:
        calls.append(1)
        return predict(blocks)

    permute_importance(count, arrays, move(arrays, SOURCES), make_target(arrays), repeats=4, seed=1)
    assert len(calls) == 1 + 3 * 4


def test_inputs_stay_as_they_were() -> None:
    arrays, before = make_arrays(), make_arrays()
    permute_importance(predict, arrays, move(arrays, SOURCES), make_target(arrays), repeats=1, seed=1)
    assert arrays.keys() == before.keys()
    for name, block in before.items():
        np.testing.assert_array_equal(arrays[name], block)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"repeats": 0}, "repeats is 0"),
        ({"target": np.array([0, 1])}, "it must be .2, columns"),
        ({"target": np.ones(ROWS)}, "AUC is undefined"),
        ({"task": "ranking"}, "unknown task 'ranking'; choose one of: binary, multiclass, regression"),
    ],
)
def test_unusable_input_is_refused(change: dict, message: str) -> None:
    arrays = make_arrays()
    usable = {"permuted": move(arrays, SOURCES), "target": make_target(arrays), "repeats": 1, "seed": 1}
    with pytest.raises(ValueError, match=message):
        permute_importance(predict, arrays, **(usable | change))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (("codes", 2), "no column 2 of 'codes'; blocks: codes .2 col"),
        (("dates", 0), "column 0 of 'dates'"),
    ],
)
def test_a_prepared_column_that_is_not_there_is_refused(place: tuple[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        permute_prepared_columns(make_arrays(), [place])


FEATURE_SOURCES = {"store": ("Store",), "day": ("Day",), "store_day": ("Store", "Day"), "promo": ("Promo",)}


def engineer(rows: pd.DataFrame) -> pd.DataFrame:
    paired = {"store": rows["Store"], "day": rows["Day"], "store_day": rows["Store"] * 10 + rows["Day"]}
    return pd.DataFrame({**paired, "promo": rows["Promo"]}, index=rows.index)


def permute_two_stores(features: list[str]) -> tuple[pd.DataFrame, dict[str, Permute], dict[str, np.ndarray]]:
    """Make the functions that permute four rows, of stores and days that go in pairs."""
    columns = {"Store": [1.5, 1.5, 2.5, 2.5], "Day": [0.25, 0.5, 0.25, 0.5], "Promo": [0.5, 1, 1, 0]}
    rows = pd.DataFrame(columns, index=[7, 8, 9, 10])
    preprocessor = fit_preprocessor(engineer(rows)[features], TabularPreprocessingParameters(scaling="none"))
    arrays = preprocessor.prepare(engineer(rows))
    return rows, permute_raw_columns(arrays, rows, preprocessor, FEATURE_SOURCES, engineer), arrays


def test_a_feature_of_two_raw_columns_takes_one_of_them_from_another_row() -> None:
    features = ["store", "day", "store_day", "promo"]
    rows, permuted, arrays = permute_two_stores(features)
    kept = rows.copy()
    assert list(permuted) == ["Store", "Day", "Promo"]
    # Fractions are kept as their distance from the mean.
    store, day, promo = [-0.5, -0.5, 0.5, 0.5], [-0.125, 0.125, -0.125, 0.125], [-0.125, 0.375, 0.375, -0.625]
    both = [-5.125, -4.875, 4.875, 5.125]
    assert arrays["numbers"].T.tolist() == [store, day, both, promo]
    other_store, other_day = np.array([2, 3, 0, 1]), np.array([1, 0, 3, 2])
    store_moved, day_moved = [4.875, 5.125, -5.125, -4.875], [-4.875, -5.125, 5.125, 4.875]
    assert permuted["Store"](other_store)["numbers"].T.tolist() == [store[::-1], day, store_moved, promo]
    assert permuted["Day"](other_day)["numbers"].T.tolist() == [store, day[::-1], day_moved, promo]
    assert permuted["Promo"](other_day)["numbers"].T.tolist() == [store, day, both, [0.375, -0.125, -0.625, 0.375]]
    pd.testing.assert_frame_equal(rows, kept)
    assert arrays["numbers"].T.tolist() == [store, day, both, promo]


def test_rows_are_prepared_again_only_where_a_used_feature_has_several_raw_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    again: list[str] = []

    def remember(rows: pd.DataFrame, raw_column: str, prepare: object) -> Permute:
        again.append(raw_column)
        return permute_and_prepare(rows, raw_column, prepare)

    monkeypatch.setattr("casebook.evaluation.permutation_importance.permute_and_prepare", remember)
    _, permuted, _ = permute_two_stores(["store", "day", "promo"])
    assert (list(permuted), again) == (["Store", "Day", "Promo"], [])
    _, permuted, _ = permute_two_stores(["store_day", "promo"])
    assert (list(permuted), again) == (["Store", "Day", "Promo"], ["Store", "Day"])


def test_moving_prepared_columns_is_permuting_the_raw_column_and_preparing_again() -> None:
    rows, permuted, _ = permute_two_stores(["store", "promo"])
    fitted = fit_preprocessor(engineer(rows)[["store", "promo"]], TabularPreprocessingParameters(scaling="none"))
    order = np.array([3, 0, 2, 1])
    exact = permute_and_prepare(rows, "Store", lambda rows: fitted.prepare(engineer(rows)))(order)
    for name, block in permuted["Store"](order).items():
        np.testing.assert_array_equal(block, exact[name])
