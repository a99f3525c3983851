"""A fit: the rows held out, and that preprocessing and network are those of cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.estimators.frames import SMALL

from casebook import TabularClassifier
from casebook.estimators.columns import describe_columns
from casebook.estimators.fitting import LabelledRows, fit_model, hold_out
from casebook.estimators.settings import EstimatorSettings, choose_settings
from casebook.evaluation.prediction import predict
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.training.trainer import train_network


def settings_of(rows: int, task: str = "binary", **parameters: object) -> EstimatorSettings:
    model = TabularClassifier(**{**SMALL, **parameters})
    return choose_settings("TabularClassifier", model.get_params(), rows, task, 5)


def test_rows_are_held_out_of_each_class_alike() -> None:
    target = np.repeat([0, 1], [900, 100])
    held_out = hold_out(target, settings_of(1000, validation_share=0.2))
    assert np.bincount(target[held_out]).tolist() == [180, 20]
    numbers = hold_out(np.linspace(0, 1, 1000), settings_of(1000, "regression", validation_share=0.2))
    assert numbers.sum() == 200


def test_so_few_rows_that_they_tell_nothing_are_not_held_out_nor_are_those_of_a_class_of_two() -> None:
    assert not hold_out(np.repeat([0, 1], 40), settings_of(80)).any()
    held_out = hold_out(np.repeat([0, 1, 2], [200, 200, 2]), settings_of(402, "multiclass"))
    assert held_out[:400].sum() == 40
    assert not held_out[400:].any()


def test_preprocessing_and_network_are_those_of_a_case_and_see_nothing_of_the_rows_held_out() -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"a": random.normal(size=200), "b": random.choice(["p", "q"], 200)})
    target = (frame["a"] > 0).to_numpy(np.uint8)
    settings = settings_of(200)
    schema = describe_columns(frame, None, "TabularClassifier", named=True).schema
    held_out = hold_out(target, settings)
    # A value that only rows held out have would move every constant that is fitted on it.
    frame.loc[held_out, "a"] *= 1000
    model = fit_model(LabelledRows(frame, target), None, schema, settings)
    preprocessor = fit_preprocessor(frame[~held_out].astype({"b": "category"}), settings.preprocessing)
    assert model.preprocessor == preprocessor
    parts = [
        {**preprocessor.prepare(frame[part].astype({"b": "category"})), "target": target[part]}
        for part in (~held_out, held_out)
    ]
    network, history = train_network(*parts, preprocessor, settings.training)
    pd.testing.assert_frame_equal(model.history, history)
    expected = predict(network, parts[0])
    np.testing.assert_array_equal(model.predict_outputs(frame[~held_out])["probability"], expected)


def test_a_column_that_is_empty_in_the_rows_to_learn_from_is_no_feature() -> None:
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "b": np.nan})
    model = fit_model(
        LabelledRows(frame, np.arange(40) % 2),
        None,
        describe_columns(frame, {"b": {"type": "number"}}, "TabularClassifier", named=True).schema,
        settings_of(40, epochs=1),
    )
    assert model.preprocessor.column_names == ["a"]
    assert model.example.columns.tolist() == ["a"]
