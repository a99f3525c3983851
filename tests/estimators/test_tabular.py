"""The estimators on frames: what they answer, keep, copy, and refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from tests.estimators.frames import SMALL, customers

from casebook import TabularClassifier, TabularRegressor

Rows = tuple[pd.DataFrame, np.ndarray]


@pytest.fixture(scope="module")
def rows() -> Rows:
    return customers()


@pytest.fixture(scope="module")
def fitted(rows: Rows) -> TabularClassifier:
    return TabularClassifier(random_state=0, **SMALL).fit(*rows)


def test_a_frame_of_all_kinds_of_columns_is_learnt_and_labels_come_back_as_they_were_given(
    fitted: TabularClassifier,
) -> None:
    unseen, left = customers(seed=1)
    assert fitted.score(unseen, left) > 0.9
    assert fitted.classes_.tolist() == ["left", "stayed"]
    assert set(fitted.predict(unseen)) == {"left", "stayed"}
    probabilities = fitted.predict_proba(unseen)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), (fitted.predict(unseen) == "stayed").astype(int))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_it_tells_which_columns_it_left_out_and_how_the_training_went(fitted: TabularClassifier, rows: Rows) -> None:
    assert fitted.ignored_columns_ == {"customer_id": "unique texts", "always": "constant: always 1"}
    assert fitted.feature_names_in_.tolist() == list(rows[0].columns)
    assert fitted.n_features_in_ == 8
    assert fitted.history_.columns.tolist() == ["epoch", "train/loss", "val/loss"]
    assert fitted.history_["epoch"].tolist() == list(range(1, fitted.n_iter_ + 1))


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda fitted: pickle.loads(pickle.dumps(fitted))],  # noqa: S301 - its own
    ids=["deepcopy", "pickle"],
)
def test_a_copy_predicts_the_same(fitted: TabularClassifier, rows: Rows, copied: Any) -> None:  # noqa: ANN401
    expected = fitted.predict_proba(rows[0])
    np.testing.assert_array_equal(copied(fitted).predict_proba(rows[0]), expected)


def test_joblib_keeps_it_in_a_file(fitted: TabularClassifier, rows: Rows, tmp_path: Any) -> None:  # noqa: ANN401
    joblib.dump(fitted, tmp_path / "model.joblib")
    np.testing.assert_array_equal(joblib.load(tmp_path / "model.joblib").predict(rows[0]), fitted.predict(rows[0]))


def test_the_same_seed_gives_the_same_network_and_leaves_the_generators_alone(
    fitted: TabularClassifier, rows: Rows
) -> None:
    np.random.seed(3)  # noqa: NPY002 - the global one is what Keras seeds
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    again = TabularClassifier(random_state=0, **SMALL).fit(*rows)
    assert np.random.random() == expected  # noqa: NPY002
    np.testing.assert_array_equal(again.predict_proba(rows[0]), fitted.predict_proba(rows[0]))
    other = TabularClassifier(random_state=1, **SMALL).fit(*rows)
    assert not np.array_equal(other.predict_proba(rows[0]), fitted.predict_proba(rows[0]))


def test_a_table_of_arrow_is_read_as_the_frame_of_pandas_is(fitted: TabularClassifier, rows: Rows) -> None:
    table = pa.Table.from_pandas(rows[0], preserve_index=False)
    np.testing.assert_array_equal(fitted.predict_proba(table), fitted.predict_proba(rows[0]))
    again = TabularClassifier(random_state=0, **SMALL).fit(table, rows[1])
    np.testing.assert_array_equal(again.predict_proba(table), fitted.predict_proba(rows[0]))


def test_one_row_is_predicted_as_it_is_among_others(fitted: TabularClassifier, rows: Rows) -> None:
    alone = fitted.predict_proba(rows[0].iloc[[7]])
    np.testing.assert_allclose(alone, fitted.predict_proba(rows[0])[[7]], rtol=1e-5)


def test_values_that_no_row_of_the_fit_has_are_no_reason_to_refuse_a_row(fitted: TabularClassifier, rows: Rows) -> None:
    # Plan is a category, size an order that was guessed.
    strange = rows[0].head(1).assign(plan="family", size="gigantic", paid=None)
    assert fitted.predict_proba(strange).shape == (1, 2)


def test_a_value_of_another_type_is_refused_with_its_column(fitted: TabularClassifier, rows: Rows) -> None:
    with pytest.raises(ValueError, match="column months: 'many' is not a number"):
        fitted.predict(rows[0].head(2).assign(months=["3", "many"]))


@pytest.mark.parametrize(
    "classes",
    [np.array([False, True]), np.array([3, 7]), np.array(["b", "a", "c"], dtype=object), np.array([1.5, 2.5])],
    ids=["booleans", "numbers", "three texts", "floats refused"],
)
def test_classes_keep_their_type(rows: Rows, classes: np.ndarray) -> None:
    labels = classes[rows[0]["months"].to_numpy() % len(classes)]
    model = TabularClassifier(random_state=0, **{**SMALL, "epochs": 1})
    if classes.dtype.kind == "f":
        with pytest.raises(ValueError, match="Unknown label type: continuous"):
            model.fit(rows[0], labels)
        return
    model.fit(rows[0], labels)
    np.testing.assert_array_equal(model.classes_, np.sort(classes))
    assert model.predict(rows[0]).dtype == labels.dtype


def test_numbers_are_learnt_in_their_own_units() -> None:
    features, target = load_diabetes(return_X_y=True, as_frame=True)
    model = TabularRegressor(random_state=0, **SMALL).fit(features[:300], target[:300])
    assert model.score(features[300:], target[300:]) > 0.35
    assert model.predict(features[300:]).dtype == np.float64


def test_it_stops_early_on_rows_that_are_held_out_or_given(rows: Rows) -> None:
    patient = {**SMALL, "patience": 1, "epochs": 200}
    own = TabularClassifier(random_state=0, **patient).fit(*rows)
    given = TabularClassifier(random_state=0, **patient).fit(*rows, validation_data=customers(100, seed=2))
    for model in (own, given):
        assert model.n_iter_ < 200
        assert model.history_["val/loss"].iloc[-1] > model.history_["val/loss"].iloc[-2]
    never = TabularClassifier(random_state=0, validation_share=0.0, **{**patient, "epochs": 5}).fit(*rows)
    assert never.n_iter_ == 5
    assert "val/loss" not in never.history_


def test_callbacks_see_every_epoch(rows: Rows) -> None:
    from casebook.training.callbacks import TrainingCallback

    class Counter(TrainingCallback):
        epochs = 0

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            self.epochs += 1

    counter = Counter()
    TabularClassifier(**{**SMALL, "epochs": 3}).fit(*rows, callbacks=[counter])
    assert counter.epochs == 3


def test_pipelines_cross_validation_and_grids_take_it(rows: Rows) -> None:
    model = TabularClassifier(random_state=0, **SMALL)
    shorter = make_pipeline(FunctionTransformer(lambda frame: frame.drop(columns="since")), model)
    scores = cross_val_score(shorter, *rows, cv=2)
    assert scores.min() > 0.75
    # As a grid holds them: NumPy's own numbers.
    grid = GridSearchCV(model, {"epochs": np.array([1, 20])}, cv=2, refit=False).fit(*rows)
    assert grid.best_params_ == {"epochs": 20}


def test_a_clone_has_the_parameters_and_is_not_fitted(fitted: TabularClassifier, rows: Rows) -> None:
    cloned = clone(fitted)
    assert cloned.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        cloned.predict(rows[0])
    assert cloned.set_params(epochs=3).epochs == 3


def test_what_is_declared_of_a_column_goes_before_what_is_inferred(rows: Rows) -> None:
    declared = {"months": {"type": "category"}, "plan": {"role": "ignore"}, "always": {}}
    model = TabularClassifier(columns=declared, random_state=0, **{**SMALL, "epochs": 1}).fit(*rows)
    assert model.ignored_columns_ == {"customer_id": "unique texts"}
    assert model.predict(rows[0].head(1).assign(months="a year", plan="family")).shape == (1,)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"epochs": 0}, r"TabularClassifier.training.epochs = 0: must be greater than or equal to 1"),
        ({"scaling": "no"}, r"TabularClassifier.preprocessing.scaling = 'no': must be 'none', 'standard', 'standard_"),
        (
            {"parameters": {"training.netwrk": 1}},
            r"TabularClassifier.training.netwrk: unknown key; did you mean net",
        ),
        (
            {"columns": {"plam": {}}},
            r"TabularClassifier.columns: there is no column in X 'plam' \(did you mean plan",
        ),
        ({"columns": {"plan": {"type": "text?"}}}, r"TabularClassifier.columns.plan.type = 'text\?': must be 'number'"),
        ({"validation_share": 1.0}, r"TabularClassifier.validation_share = 1.0: must be less than 1"),
    ],
)
def test_a_parameter_that_is_not_allowed_is_named_with_what_is(
    rows: Rows, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        TabularClassifier(**parameters).fit(*rows)
