"""Ordered target statistics by hand; that no row knows its own target, nor that of its key; new rows, nulls, JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import TabularPreprocessingParameters
from casebook.inference.fast_rows import _make_encoder
from casebook.monitoring.unknown_categories import measure_unknown
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.tabular import TabularPreprocessor, expand_dense
from casebook.preprocessing.target_statistics import (
    KnownTargets,
    TargetStatisticColumn,
    fit_target_statistic,
    key_columns,
    order_statistics,
    order_training_rows,
    rank_keys,
)

TABLE = pd.DataFrame(
    {
        "group": pd.Categorical(["a", "a", "b", None, "a", "b"]),
        "person": ["x", "y", "y", "z", "z", "z"],
        "age": [1.0, 2, 3, 4, 5, 6],
        "y": [1, 0, 1, 1, 1, 0],
    }
)
SETTINGS = TabularPreprocessingParameters(encoding={"group": "ordered_target"}, target_prior_rows=2)


def fit(table: pd.DataFrame = TABLE, key: str = "person", scaling: str = "none") -> TabularPreprocessor:
    settings = SETTINGS.model_copy(update={"scaling": scaling})
    return fit_preprocessor(table[["group", "age"]], settings, KnownTargets.of(table, "y", key))


def encode_training(table: pd.DataFrame, preprocessor: TabularPreprocessor) -> np.ndarray:
    """The statistic of each training row, as the network sees it."""
    arrays = {**preprocessor.prepare(table), "target": table["y"].to_numpy(np.uint8)}
    return expand_dense(order_training_rows(arrays, table, preprocessor), preprocessor)[:, 0]


def test_a_row_is_encoded_by_those_of_lower_rank_in_its_category() -> None:
    codes, target = np.array([0, 0, 1, 0, 1]), np.array([1, 0, 1, 1, 1])
    found = order_statistics(codes, target, np.array([2, 0, 1, 1, 5]), prior=0.8, prior_rows=1)
    # Of category 0 first the second row, then the fourth, then the first.
    assert found.tolist() == pytest.approx([(0 + 1 + 0.8) / 3, 0.8, 0.8, (0 + 0.8) / 2, (1 + 0.8) / 2])


def test_rows_of_one_key_know_nothing_of_each_other() -> None:
    codes, target = np.zeros(4, int), np.array([1, 1, 0, 0])
    found = order_statistics(codes, target, np.array([3, 3, 1, 3]), prior=0.5, prior_rows=1)
    assert found.tolist() == [(0 + 0.5) / 2, (0 + 0.5) / 2, 0.5, (0 + 0.5) / 2]


def test_keys_are_in_a_drawn_order_and_days_in_their_own() -> None:
    ranks = rank_keys(TABLE["person"], 6)
    assert ranks[1] == ranks[2]
    assert ranks[3] == ranks[4] == ranks[5]
    assert len(set(ranks.tolist())) == 3
    assert sorted(rank_keys(None, 5).tolist()) == [0, 1, 2, 3, 4]
    days = pd.Series(pd.to_datetime(["2020-02-01", "2020-01-01", "2020-02-01"]))
    assert rank_keys(days, 3).tolist() == [1, 0, 1]


@pytest.mark.parametrize("key", ["", "person", "group"])
def test_no_row_knows_its_own_target_nor_that_of_its_key(key: str) -> None:
    generator = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "group": generator.choice(list("abcd"), 200),
            "person": generator.integers(0, 50, 200),
            "age": 1.0 * np.arange(200),
            "y": generator.integers(0, 2, 200),
        }
    )
    preprocessor = fit(table, key)
    before = encode_training(table, preprocessor)
    changed = 0
    for row in range(200):
        of_key = (table[key] == table[key][row]).to_numpy() if key else np.arange(200) == row
        after = encode_training(table.assign(y=table["y"].where(~of_key, 1 - table["y"])), preprocessor)
        np.testing.assert_array_equal(after[of_key], before[of_key])
        changed += int((after != before).any())
    # Others do know them, but for the last of their categories, and where the key is the category.
    assert changed == 0 if key == "group" else changed > 150


def test_where_the_key_is_the_category_nothing_is_known_of_any() -> None:
    preprocessor = fit(key="group")
    np.testing.assert_allclose(encode_training(TABLE, preprocessor), 4 / 6, atol=1e-6)
    assert key_columns(preprocessor) == ["group"]


def test_new_rows_get_the_statistics_of_all_training_rows_and_unknown_ones_the_mean() -> None:
    preprocessor = fit()
    rows = pd.DataFrame({"group": ["a", "b", None, "new"], "age": [1.0] * 4})
    prior = 4 / 6
    expected = [(2 + 2 * prior) / 5, (1 + 2 * prior) / 4, (1 + 2 * prior) / 3, prior]
    np.testing.assert_allclose(expand_dense(preprocessor.prepare(rows), preprocessor)[:, 0], expected, rtol=1e-6)
    column = preprocessor.columns[0]
    stored = _make_encoder(column)(["a", "b", None, "new"])
    np.testing.assert_array_equal(stored, preprocessor.prepare(rows)["numbers"][:, 0])


def test_categories_without_statistics_are_counted_as_unknown() -> None:
    rows = pd.DataFrame({"group": ["a", "new", None, "new", "other"], "age": [1.0] * 5})
    expected = [{"column": "group", "rows": 3, "share": 0.6, "values": "new, other"}]
    assert measure_unknown(rows, fit()).to_dict("records") == expected
    assert measure_unknown(TABLE, fit()).empty


def test_training_rows_are_scaled_by_what_they_are_encoded_as() -> None:
    values = encode_training(TABLE, fit(scaling="standard"))
    assert values.mean() == pytest.approx(0, abs=1e-6)
    assert values.std() == pytest.approx(1, abs=1e-6)


def test_statistics_come_back_from_json() -> None:
    preprocessor = fit()
    again = TabularPreprocessor.from_dict(json.loads(json.dumps(preprocessor.to_dict())))
    assert again == preprocessor
    assert isinstance(again.columns[0], TargetStatisticColumn)


def test_training_rows_are_found_in_the_table_of_all_rows() -> None:
    training = np.array([True, False, True, True, False, True])
    rows = TABLE[training]
    preprocessor = fit(rows)
    arrays = {**preprocessor.prepare(rows), "target": rows["y"].to_numpy(np.uint8)}
    found = order_training_rows(arrays, TABLE, preprocessor, training)["numbers"]
    np.testing.assert_array_equal(found, order_training_rows(arrays, rows, preprocessor)["numbers"])


def test_arrays_without_statistics_stay_as_they_are() -> None:
    preprocessor = fit_preprocessor(TABLE[["group", "age"]], TabularPreprocessingParameters())
    arrays = {**preprocessor.prepare(TABLE), "target": TABLE["y"].to_numpy(np.uint8)}
    assert order_training_rows(arrays, TABLE, preprocessor) is arrays
    # Nor is the table looked at, of which the training rows would be a copy.
    assert order_training_rows(arrays, pd.DataFrame(), preprocessor, np.array([True])) is arrays
    assert key_columns(preprocessor) == []


def test_without_targets_there_are_no_statistics() -> None:
    with pytest.raises(ValueError, match="group by ordered_target needs the targets of the training rows"):
        fit_preprocessor(TABLE[["group"]], SETTINGS)
    assert fit_target_statistic(TABLE["group"], KnownTargets(np.ones(6)), 1).prior == 1
