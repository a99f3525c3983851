from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_sample_weight
from threadpoolctl import threadpool_limits

from casebook.baselines.gradient_boosting import fit_reference, native_categories, predict_reference, tree_features
from casebook.config.schema import BoostedTreesParameters
from casebook.evaluation.scores import compute_auc
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor, prepare_rows

Fit = Callable[..., TabularPreprocessor]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small trees gain nothing from more threads, and wait for each other on a busy machine."""
    with threadpool_limits(1):
        yield


def reference_parameters(**given: float | str) -> BoostedTreesParameters:
    defaults = {
        "max_rows": 500, "max_iter": 10, "learning_rate": 0.3, "max_leaf_nodes": 8, "min_samples_leaf": 5,
        "l2_regularization": 0.0, "patience": 5, "seed": 1,
    }  # fmt: skip
    return BoostedTreesParameters(**{**defaults, **given})


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


def test_the_blocks_stand_side_by_side_and_an_unknown_id_is_missing() -> None:
    arrays = {
        "codes": np.array([[0, 200], [3, 4]], dtype=np.uint8),
        "ids": np.array([[0], [300]], dtype=np.int32),
        "numbers": np.array([[0.5], [0.0]], dtype=np.float32),
    }
    features = tree_features(arrays)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, [[0, 200, np.nan, 0.5], [3, 4, 300, 0]])
    assert arrays["ids"].tolist() == [[0], [300]]


def test_columns_with_few_categories_are_native_ones(fit: Fit) -> None:
    def texts(count: int) -> list[str]:
        return [f"{number % count:03d}" for number in range(300)]

    table = pd.DataFrame(
        {"n": np.arange(300) / 7, "few": texts(254), "many": texts(255), "ids": texts(300), "small": [1, 1, 2] * 100}
    )
    preprocessor = fit(table, encoding={"few": "embedding"})
    # In the order of the blocks: few, many and small are codes, then the ids, then the real number.
    assert [*preprocessor.positions.values()] == [("numbers", 0), ("codes", 0), ("codes", 1), ("ids", 0), ("codes", 2)]
    assert native_categories(preprocessor).tolist() == [True, False, False, False, False]


def test_the_reference_learns_and_is_deterministic(rows: tuple[TabularPreprocessor, Arrays, Arrays]) -> None:
    preprocessor, train, validation = rows
    first, second = (fit_reference(train, validation, preprocessor, reference_parameters()) for _ in range(2))
    probability = predict_reference(first, validation)
    np.testing.assert_array_equal(probability, predict_reference(second, validation))
    assert (probability.shape, probability.dtype) == ((500, 2), np.float64)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    # A tenth of the target is turned round.
    assert compute_auc(validation["target"], probability[:, 1]) > 0.85


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
    scaled = model.predict(tree_features(validation))
    np.testing.assert_array_equal(predicted, np.expm1(scaled) if scale == "log" else scaled)
    assert (predicted.shape, predicted.dtype) == ((500,), np.float64)
    relative = np.median(np.abs(predicted / validation["target"] - 1))
    # Trees of the logarithm serve small values as well as large ones.
    assert relative < 0.2 if scale == "log" else relative > 0.2


class Recorder:
    """Stands in for the trees and keeps what they would be fitted on."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        self.options = options

    def fit(self, x: np.ndarray, y: np.ndarray, **validation: np.ndarray) -> "Recorder":
        self.x, self.y, self.validation = x, y, validation
        return self


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingClassifier", Recorder)
    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingRegressor", Recorder)


def make_numbered(rows: int) -> Arrays:
    number = np.arange(rows)
    return {
        "codes": np.zeros((rows, 0), np.uint8),
        "ids": np.zeros((rows, 0), np.int32),
        "numbers": number[:, None].astype(np.float32),
        "target": (number >= rows // 2).astype(np.uint8),
    }


@pytest.mark.usefixtures("recorded")
def test_at_most_so_many_rows_are_drawn_by_the_seed(fit: Fit) -> None:
    preprocessor = fit(pd.DataFrame({"n": [0.5, 1.5]}))
    train = make_numbered(2000)
    models = [
        fit_reference(train, make_numbered(50), preprocessor, reference_parameters(seed=seed, max_rows=300))
        for seed in (1, 1, 2)
    ]
    drawn = [model.x[:, 0].tolist() for model in models]
    assert [len(set(rows)) for rows in drawn] == [300] * 3
    assert drawn[0] == drawn[1] == sorted(drawn[0])
    assert drawn[0] != drawn[2]
    np.testing.assert_array_equal(models[0].y, train["target"][np.array(drawn[0], int)])
    everything = fit_reference(train, make_numbered(50), preprocessor, reference_parameters(max_rows=2000))
    np.testing.assert_array_equal(everything.x, tree_features(train))


@pytest.mark.usefixtures("recorded")
def test_the_rows_that_stop_the_growth_are_spread_over_all_validation_rows(fit: Fit) -> None:
    preprocessor = fit(pd.DataFrame({"n": [0.5, 1.5]}))
    # The validation rows come in the order of the file; here all of class 0 first.
    model = fit_reference(make_numbered(500), make_numbered(10_000), preprocessor, reference_parameters())
    checked = model.validation["X_val"][:, 0]
    assert 1000 <= len(checked) < 2000
    assert checked[-1] > 9_900
    assert model.validation["y_val"].mean() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_array_equal(model.validation["y_val"], checked >= 5000)


@pytest.mark.usefixtures("recorded")
def test_the_trees_get_the_settings_of_the_parameters(fit: Fit) -> None:
    preprocessor = fit(pd.DataFrame({"kind": ["a", "b"], "n": [0.5, 1.5]}))
    arrays = {
        **prepare_rows(pd.DataFrame({"kind": ["a", "b"], "n": [0.5, 1.5]}), preprocessor),
        "target": np.array([0, 1]),
    }
    options = fit_reference(arrays, arrays, preprocessor, reference_parameters(patience=3)).options
    assert options.pop("categorical_features").tolist() == [True, False]
    assert options == {
        "max_iter": 10, "learning_rate": 0.3, "max_leaf_nodes": 8, "min_samples_leaf": 5, "l2_regularization": 0.0,
        "n_iter_no_change": 3, "early_stopping": True, "random_state": 1,
    }  # fmt: skip


def test_a_refit_grows_as_many_trees_on_all_rows(rows: tuple[TabularPreprocessor, Arrays, Arrays]) -> None:
    preprocessor, train, validation = rows
    many = reference_parameters(max_iter=200, max_rows=2000)
    stopped = fit_reference(train, validation, preprocessor, many)
    assert stopped.n_iter_ < 200
    again = fit_reference(train, validation, preprocessor, many.model_copy(update={"refit": True}))
    both = {name: np.concatenate([train[name], validation[name]]) for name in train}
    nothing = {name: values[:0] for name, values in validation.items()}
    fewer = many.model_copy(update={"max_iter": stopped.n_iter_})
    expected = predict_reference(fit_reference(both, nothing, preprocessor, fewer), validation)
    assert again.n_iter_ == stopped.n_iter_
    np.testing.assert_array_equal(predict_reference(again, validation), expected)
    assert not np.array_equal(predict_reference(stopped, validation), expected)


@pytest.mark.usefixtures("recorded")
def test_without_validation_rows_the_trees_grow_to_the_last(fit: Fit) -> None:
    model = fit_reference(
        make_numbered(400), make_numbered(0), fit(pd.DataFrame({"n": [0.5, 1.5]})), reference_parameters()
    )
    assert model.options["early_stopping"] is False
    assert model.validation == {}


@pytest.mark.usefixtures("recorded")
def test_the_logarithm_of_the_target_is_learnt_and_stopped_by(fit: Fit) -> None:
    parts = [{**make_numbered(rows), "target": np.arange(rows, dtype=np.float32)} for rows in (400, 50)]
    parameters = reference_parameters(target_scale="log")
    model = fit_reference(*parts, fit(pd.DataFrame({"n": [0.5, 1.5]})), parameters)
    np.testing.assert_allclose(model.y, np.log1p(np.arange(400)))
    np.testing.assert_allclose(model.validation["y_val"], np.log1p(np.arange(50)))


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


def test_predictions_made_in_pieces_are_those_of_the_whole(
    rows: tuple[TabularPreprocessor, Arrays, Arrays], monkeypatch: pytest.MonkeyPatch
) -> None:
    preprocessor, train, validation = rows
    model = fit_reference(train, validation, preprocessor, reference_parameters(max_iter=3))
    whole = predict_reference(model, validation)
    monkeypatch.setattr("casebook.baselines.gradient_boosting.PREDICTION_BATCH_ROWS", 7)
    np.testing.assert_array_equal(predict_reference(model, validation), whole)
    assert (
        predict_reference(model, {name: values[:7] for name, values in validation.items()}).tolist()
        == whole[:7].tolist()
    )


@pytest.mark.usefixtures("recorded")
def test_rows_and_classes_weigh_in_the_fit_and_where_it_stops(fit: Fit) -> None:
    preprocessor = fit(pd.DataFrame({"n": [0.5, 1.5]}))
    train, validation = make_numbered(400), make_numbered(50)
    assert fit_reference(train, validation, preprocessor, reference_parameters()).validation.keys() == {
        "X_val",
        "y_val",
    }
    balanced = fit_reference(train, validation, preprocessor, reference_parameters(class_weights="balanced"))
    expected = compute_sample_weight("balanced", train["target"])
    np.testing.assert_allclose(balanced.validation["sample_weight"], expected, rtol=1e-6)
    weighed = [{**rows, "weight": np.arange(len(rows["target"]), dtype=np.float32)} for rows in (train, validation)]
    model = fit_reference(*weighed, preprocessor, reference_parameters(max_rows=100))
    # Of mean 1 over all rows; the drawn ones keep theirs.
    np.testing.assert_allclose(model.validation["sample_weight"], model.x[:, 0] / np.arange(400).mean(), rtol=1e-6)
    np.testing.assert_allclose(model.validation["sample_weight_val"], np.arange(50) / np.arange(50).mean(), rtol=1e-6)
