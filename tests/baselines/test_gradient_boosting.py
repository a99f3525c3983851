import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.baselines.settings import reference_parameters

from casebook.baselines.gradient_boosting import (
    count_threads,
    fit_reference,
    native_categories,
    predict_reference,
    tree_features,
)
from casebook.evaluation.scores import compute_auc
from casebook.preprocessing import shards
from casebook.preprocessing.shards import ShardedArray
from casebook.preprocessing.tabular import BLOCK_TYPES, Arrays, TabularPreprocessor, prepare_rows

Fit = Callable[..., TabularPreprocessor]


@pytest.fixture(scope="module")
def rows(fit: Fit) -> tuple[TabularPreprocessor, Arrays, Arrays]:
    generator = np.random.default_rng(8)
    table = pd.DataFrame(
        {
            "kind": pd.Categorical(generator.choice(list("abcdefgh"), 1500)),
            "amount": generator.normal(size=1500),
            "small": generator.integers(0, 5, 1500),
        }
    )
    # No order of the letters but the trees' own categories puts a, c, e, g on one side at one cut.
    target = ((table["kind"].isin(list("aceg"))) ^ (generator.random(1500) < 0.1)).to_numpy(np.uint8)
    preprocessor = fit(table[:1000])
    arrays = {**prepare_rows(table, preprocessor), "target": target}
    return preprocessor, {k: v[:1000] for k, v in arrays.items()}, {k: v[1000:] for k, v in arrays.items()}


@pytest.mark.parametrize(
    ("cells", "given", "threads"),
    [
        (1_999_999, "", 1),
        (3_999_999, "", 3),
        (10**9, "", 4),
        (10**9, "6", 6),
        (10**9, "2,4", 2),
        (10**9, "many", 4),
        (0, "6", 1),
    ],
)
def test_trees_get_a_thread_for_each_million_numbers_up_to_half_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, cells: int, given: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert count_threads(cells) == threads


def test_the_blocks_stand_side_by_side() -> None:
    arrays = {
        "codes": np.array([[0, 200], [3, 4]], dtype=np.uint8),
        "ids": np.array([[0], [300]], dtype=np.int32),
        "numbers": np.array([[0.5], [0.0]], dtype=np.float32),
    }
    features = tree_features(arrays)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, [[0, 200, 0, 0.5], [3, 4, 300, 0]])


def test_rows_in_shards_are_predicted_piece_by_piece(
    rows: tuple[TabularPreprocessor, Arrays, Arrays], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preprocessor, train, validation = rows
    model = fit_reference(train, validation, preprocessor, reference_parameters())
    sharded: dict[str, Any] = {"target": validation["target"]}
    for name in BLOCK_TYPES:
        files = [tmp_path / f"{name}_{number}.npy" for number in range(2)]
        for file, part in zip(files, np.split(validation[name], [300]), strict=True):
            np.save(file, part)
        sharded[name] = ShardedArray(files)
    monkeypatch.setattr(shards, "PIECE_ROWS", 128)
    np.testing.assert_array_equal(predict_reference(model, sharded), predict_reference(model, validation))


def test_categories_are_native_ones_however_many(fit: Fit) -> None:
    def texts(count: int) -> list[str]:
        return [f"{number % count:03d}" for number in range(300)]

    table = pd.DataFrame({"n": np.arange(300) / 7, "few": texts(254), "ids": texts(300), "small": [1, 1, 2] * 100})
    preprocessor = fit(table, encoding={"few": "embedding"})
    # In the order of the blocks: few and small are codes, then the ids, then the real number.
    assert [*preprocessor.positions.values()] == [("numbers", 0), ("codes", 0), ("ids", 0), ("codes", 1)]
    assert native_categories(preprocessor).tolist() == [True, False, True, False]


def test_a_category_that_training_lacks_is_told_by_the_other_columns(fit: Fit) -> None:
    generator = np.random.default_rng(3)
    names = [f"{number:03d}" for number in range(300)]
    table = pd.DataFrame({"group": np.repeat(names, 30), "n": generator.normal(size=9000)})
    # More of what there is to know stands in the group than in the number.
    target = (2 * np.repeat(generator.normal(size=300), 30) + table["n"] > 0).to_numpy(np.uint8)
    preprocessor = fit(table)
    assert preprocessor.positions["group"][0] == "ids"
    train = {**prepare_rows(table, preprocessor), "target": target}
    none = {name: values[:0] for name, values in train.items()}
    model = fit_reference(train, none, preprocessor, reference_parameters(max_rows=9000, max_iter=40))
    known = predict_reference(model, train)[:, 1]
    unknown = predict_reference(model, {**train, "ids": np.zeros_like(train["ids"])})[:, 1]
    assert compute_auc(target, known) > 0.98
    assert 0.55 < compute_auc(target, unknown) < 0.8


def test_the_reference_learns_and_is_deterministic(rows: tuple[TabularPreprocessor, Arrays, Arrays]) -> None:
    preprocessor, train, validation = rows
    first, second = (fit_reference(train, validation, preprocessor, reference_parameters()) for _ in range(2))
    probability = predict_reference(first, validation)
    np.testing.assert_array_equal(probability, predict_reference(second, validation))
    np.testing.assert_array_equal(probability, predict_reference(pickle.loads(pickle.dumps(first)), validation))  # noqa: S301 - made here
    assert (probability.shape, probability.dtype) == ((500, 2), np.float64)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    # A tenth of the target is turned round.
    assert compute_auc(validation["target"], probability[:, 1]) > 0.85


def test_any_number_of_threads_grows_the_same_trees(
    rows: tuple[TabularPreprocessor, Arrays, Arrays], monkeypatch: pytest.MonkeyPatch
) -> None:
    preprocessor, train, validation = rows
    parameters = reference_parameters(max_rows=1000)
    one = predict_reference(fit_reference(train, validation, preprocessor, parameters), validation)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr("casebook.baselines.gradient_boosting.CELLS_PER_THREAD", 100)
    three = predict_reference(fit_reference(train, validation, preprocessor, parameters), validation)
    np.testing.assert_array_equal(three, one)
    other = fit_reference(train, validation, preprocessor, reference_parameters(max_rows=1000, seed=2))
    assert not np.array_equal(predict_reference(other, validation), one)


def test_a_class_that_training_lacks_has_a_column(rows: tuple[TabularPreprocessor, Arrays, Arrays]) -> None:
    preprocessor, train, validation = rows
    validation = {**validation, "target": np.where(np.arange(500) < 3, 2, validation["target"]).astype(np.uint8)}
    model = fit_reference(train, validation, preprocessor, reference_parameters())
    probability = predict_reference(model, validation)
    assert probability.shape == (500, 3)
    assert probability[:, 2].max() < 1e-6


def test_several_classes_have_a_column_each(rows: tuple[TabularPreprocessor, Arrays, Arrays]) -> None:
    preprocessor, *parts = rows
    column = preprocessor.positions["small"][1]
    train, validation = ({**part, "target": (part["codes"][:, column] % 3).astype(np.uint8)} for part in parts)
    probability = predict_reference(fit_reference(train, validation, preprocessor, reference_parameters()), validation)
    assert probability.shape == (500, 3)
    np.testing.assert_array_equal(probability.argmax(axis=1), validation["target"])


def make_sales(rows: Arrays, preprocessor: TabularPreprocessor) -> Arrays:
    """Give rows a target of real numbers over several powers of ten, which follows from two columns."""
    places = preprocessor.positions
    amount, small = (rows[places[name][0]][:, places[name][1]].astype(np.float64) for name in ("amount", "small"))
    return {**rows, "target": np.exp(2 * amount + small % 5).astype(np.float32)}


@pytest.mark.parametrize("scale", ["none", "log"])
def test_a_regression_is_predicted_in_the_targets_own_units(
    rows: tuple[TabularPreprocessor, Arrays, Arrays], scale: str
) -> None:
    preprocessor, *parts = rows
    train, validation = (make_sales(part, preprocessor) for part in parts)
    parameters = reference_parameters(target_scale=scale, max_rows=1000, max_iter=60)
    model = fit_reference(train, validation, preprocessor, parameters)
    predicted = predict_reference(model, validation)
    scaled = model.booster.predict(tree_features(validation))
    np.testing.assert_array_equal(predicted, np.expm1(scaled) if scale == "log" else scaled)
    assert (predicted.shape, predicted.dtype) == ((500,), np.float64)
    relative = np.median(np.abs(predicted / validation["target"] - 1))
    # Trees of the logarithm serve small values as well as large ones.
    assert relative < 0.2 if scale == "log" else relative > 0.2


def test_a_refit_grows_as_many_trees_on_all_rows(rows: tuple[TabularPreprocessor, Arrays, Arrays]) -> None:
    preprocessor, train, validation = rows
    many = reference_parameters(max_iter=200, max_rows=2000)
    stopped = fit_reference(train, validation, preprocessor, many)
    best = stopped.booster.best_iteration
    assert best < 200
    again = fit_reference(train, validation, preprocessor, many.model_copy(update={"refit": True}))
    both = {name: np.concatenate([train[name], validation[name]]) for name in train}
    nothing = {name: values[:0] for name, values in validation.items()}
    fewer = many.model_copy(update={"max_iter": best})
    expected = predict_reference(fit_reference(both, nothing, preprocessor, fewer), validation)
    assert again.booster.current_iteration() == best
    np.testing.assert_array_equal(predict_reference(again, validation), expected)
    assert not np.array_equal(predict_reference(stopped, validation), expected)


def test_fitting_leaves_the_arrays_as_they_were(rows: tuple[TabularPreprocessor, Arrays, Arrays]) -> None:
    preprocessor, *parts = rows
    frozen = [{name: values.copy() for name, values in part.items()} for part in parts]
    for part in frozen:
        for values in part.values():
            values.flags.writeable = False
    model = fit_reference(*frozen, preprocessor, reference_parameters(max_iter=2))
    predict_reference(model, frozen[1])
    for part, original in zip(frozen, parts, strict=True):
        assert all((part[name] == original[name]).all() for name in part)
