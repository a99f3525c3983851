"""LightGBM's trees as tables: Keras and NumPy predict with them what LightGBM does, whatever the rows hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import pytest
from tests.baselines.settings import reference_parameters
from threadpoolctl import threadpool_limits

from casebook.baselines.gradient_boosting import BoostedTrees, fit_trees, predict_reference, tree_features
from casebook.baselines.tree_export import tabulate_trees
from casebook.models.network_ensemble import build_tree_network
from casebook.models.networks import load_network, make_predictor, task_of_network
from casebook.models.numpy_export import describe_network
from casebook.models.numpy_network import NumpyNetwork, save
from casebook.preprocessing.arrays import without_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import keras

    from casebook.preprocessing.tabular import Arrays

# Outputs are float32, of which LightGBM's are the nearest.
ROUNDING = 2.0**-23
CATEGORIES = np.array([True, False, True, False, False])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def draw_rows(seed: int, count: int, missing: float = 0.0) -> Arrays:
    """Draw rows of two categories, a small whole number and two real ones."""
    generator = np.random.default_rng(seed)
    numbers = generator.normal(size=(count, 2)).astype(np.float32)
    numbers[generator.random(numbers.shape) < 0.1] = 0
    numbers[generator.random(numbers.shape) < missing] = np.nan
    return {
        "codes": np.stack([generator.integers(0, 40, count), generator.integers(0, 5, count)], axis=1).astype(np.uint8),
        "ids": generator.integers(0, 300, (count, 1)).astype(np.int32),
        "numbers": numbers,
    }


def score_rows(rows: Arrays) -> np.ndarray:
    """Compute what the targets are made of: both categories, and each number."""
    first, second = np.nan_to_num(rows["numbers"], nan=1.5).T
    groups = (rows["codes"][:, 0] % 3 == 0) + (rows["ids"][:, 0] % 4 == 1)
    return np.asarray(groups + np.abs(first) + second * (rows["codes"][:, 1] > 2))


def with_target(rows: Arrays, classes: int) -> Arrays:
    scores = score_rows(rows)
    if not classes:
        return {**rows, "target": np.exp(scores).astype(np.float32)}
    edges = np.quantile(scores, np.arange(1, classes) / classes)
    return {**rows, "target": np.digitize(scores, edges).astype(np.uint8)}


def unseen_rows() -> Arrays:
    """Draw rows with values that the training had none of: categories, infinities, and one just beside 0."""
    rows = draw_rows(9, 600)
    rows["codes"][::7, 0], rows["ids"][::5, 0], rows["ids"][::11, 0] = 200, 100_000, -3
    for place, value in enumerate([np.inf, -np.inf, np.nan, 1e-36, -1e-34, 3e38]):
        rows["numbers"][place :: 20 + place] = value
    return rows


def as_network(trees: BoostedTrees, outputs: int) -> keras.Model:
    """Make the network of trees, beside one of some width that takes the same rows."""
    import keras

    kinds = {"codes": (2, "uint8"), "ids": (1, "int32"), "numbers": (2, "float32")}
    inputs = {name: keras.Input((width,), dtype=kind, name=name) for name, (width, kind) in kinds.items()}
    other = keras.Model(inputs, keras.layers.Dense(outputs)(inputs["numbers"]))
    return build_tree_network(tabulate_trees(trees, outputs), other)


def check(trees: BoostedTrees, outputs: int, folder: Path, *tables: Arrays) -> list[np.ndarray]:
    """Compare Keras, a saved network, and NumPy with LightGBM on each table -> what it predicts."""
    network = as_network(trees, outputs)
    network.save(folder / "trees.keras")
    save(*describe_network(network), folder)
    loaded = load_network(folder / "trees.keras")
    predictors = (make_predictor(network), make_predictor(loaded), NumpyNetwork.load(folder))
    predictions = []
    for rows in tables:
        expected = predict_reference(trees, rows)
        expected = expected[:, 1] if trees.classes == 2 and outputs == 1 else expected
        blocks = {name: values for name, values in rows.items() if name != "target"}
        for predict in predictors:
            found = predict(blocks)
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=ROUNDING)
        predictions.append(np.asarray(expected))
    return predictions


@pytest.mark.parametrize(
    ("classes", "outputs", "task", "given"),
    [
        (2, 1, "binary", {}),
        (2, 2, "binary", {"class_weights": "balanced"}),
        (3, 3, "multiclass", {}),
        (0, 1, "regression", {}),
        (0, 1, "regression", {"target_scale": "log", "max_leaf_nodes": 60}),
        (2, 1, "binary", {"refit": True}),
    ],
    ids=str,
)
def test_the_trees_of_every_task_predict_as_lightgbm(
    classes: int, outputs: int, task: str, given: dict[str, Any], tmp_path: Path
) -> None:
    train, validation = with_target(draw_rows(1, 900), classes), with_target(draw_rows(2, 300), classes)
    trees = fit_trees(train, validation, CATEGORIES, reference_parameters(max_rows=1000, **given))
    assert task_of_network(as_network(trees, outputs)) == task
    found, _ = check(trees, outputs, tmp_path, validation, unseen_rows())
    assert len(np.unique(found)) > 100


def test_more_trees_than_go_down_together_of_rows_that_weigh(tmp_path: Path) -> None:
    rows = with_target(draw_rows(1, 900), 2)
    weighed = {**rows, "weight": np.abs(rows["numbers"][:, 0])}
    trees = fit_trees(weighed, without_rows(weighed), CATEGORIES, reference_parameters(max_iter=150))
    first, last = tabulate_trees(trees, 1).moving
    # The deepest ones come first.
    assert (first[0], last[0]) == (128, 22)
    assert len(first) > len(last)
    check(trees, 1, tmp_path, rows)


@pytest.mark.parametrize("options", [{}, {"zero_as_missing": True}, {"use_missing": False}], ids=str)
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_missing_numbers_and_categories_go_where_lightgbm_sends_them(
    options: dict[str, Any], missing: float, tmp_path: Path
) -> None:
    rows = with_target(draw_rows(3, 2000, missing), 2)
    features = tree_features(rows)
    features[::9, 0] = np.nan if missing else features[::9, 0]
    given = lightgbm.Dataset(features, rows["target"], categorical_feature=[0, 2])
    settings = {"objective": "binary", "num_leaves": 30, "verbosity": -1, "min_data_in_leaf": 5, "num_threads": 1}
    booster = lightgbm.train({**settings, **options}, given, 30)
    trees = BoostedTrees(booster, 2, "none")
    check(trees, 1, tmp_path, draw_rows(4, 1000, 0.2), unseen_rows())


def test_rows_on_a_threshold_go_the_same_way(tmp_path: Path) -> None:
    # Between neighbours of float32, a threshold of float64 is none of them.
    steps = np.cumsum(np.full(400, np.spacing(np.float32(1))), dtype=np.float64).astype(np.float32) + np.float32(1)
    rows = draw_rows(5, 400)
    rows["numbers"][:, 0] = steps
    rows["target"] = (np.arange(400) % 97 < 40).astype(np.uint8)
    trees = fit_trees(rows, rows, CATEGORIES, reference_parameters(min_samples_leaf=1, max_leaf_nodes=60))
    check(trees, 1, tmp_path, rows)


def test_trees_of_a_single_leaf_predict_the_mean(tmp_path: Path) -> None:
    rows = with_target(draw_rows(6, 200), 2)
    trees = fit_trees(rows, rows, CATEGORIES, reference_parameters(min_samples_leaf=200))
    (found,) = check(trees, 1, tmp_path, draw_rows(7, 20))
    np.testing.assert_allclose(found, rows["target"].mean(), rtol=1e-6)
    assert tabulate_trees(trees, 1).moving == [[]]


def test_a_class_that_only_validation_rows_hold_is_left_out() -> None:
    train, validation = with_target(draw_rows(1, 900), 2), with_target(draw_rows(2, 300), 3)
    trees = fit_trees(train, validation, CATEGORIES, reference_parameters(max_rows=1000))
    blocks = {name: values for name, values in validation.items() if name != "target"}
    known = predict_reference(trees, validation)[:, :2]
    found = make_predictor(as_network(trees, 2))(blocks)
    np.testing.assert_allclose(found, known / known.sum(axis=1, keepdims=True), rtol=1e-6)


def test_thresholds_keep_their_bits_in_a_network_of_mixed_precision(tmp_path: Path) -> None:
    import keras

    rows = with_target(draw_rows(1, 900), 2)
    trees = fit_trees(rows, without_rows(rows), CATEGORIES, reference_parameters())
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        check(trees, 1, tmp_path, rows)
    finally:
        keras.config.set_dtype_policy("float32")
