"""Nodes of the shared stages on small tables: columns that are used, parts, leaks, example rows, texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import TabularPreprocessingParameters
from casebook.data.splitting import TEST, TRAIN, VALIDATION, EmptySplitError
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.tabular import TabularPreprocessor, expand_dense
from casebook.preprocessing.texts import TextPreprocessor
from casebook.stages import nodes, promotion
from casebook.stages.used_columns import name_features

SOURCES = {"age": ("age",), "calls": ("calls",), "duration": ("duration",), "minutes": ("duration", "age")}
PREPROCESSOR: dict[str, Any] = TabularPreprocessingParameters(scaling="none").model_dump(mode="json")
SPLIT: dict[str, Any] = {"strategy": "row", "keys": {}, "test_share": 0.25, "validation_share": 0.0, "seed": 1}


@pytest.fixture
def table() -> pd.DataFrame:
    """Rows in which the last is a copy of the first; `day` is there for the split alone."""
    number = np.array([*range(15), 0])
    columns = {"age": number + 20.5, "calls": number, "duration": number * 7, "minutes": number / 60}
    return pd.DataFrame({**columns, "day": number, "y": (number % 2).astype(np.int8)})


@pytest.mark.parametrize(
    ("chosen", "leaks", "there", "expected"),
    [
        ([], {}, [*SOURCES, "day"], ["age", "calls", "duration", "minutes"]),
        # A closed leak closes every feature that it enters.
        ([], {"duration": "drop"}, [*SOURCES], ["age", "calls"]),
        ([], {"age": "drop"}, [*SOURCES], ["calls", "duration"]),
        ([], {"duration": "keep"}, [*SOURCES], ["age", "calls", "duration", "minutes"]),
        (["calls", "minutes"], {"duration": "drop"}, [*SOURCES], ["calls"]),
        # A leaking column may be absent from the rows.
        ([], {}, ["age", "calls"], ["age", "calls"]),
    ],
)
def test_features_are_the_chosen_columns_that_are_there_less_closed_leaks(
    chosen: list[str], leaks: dict[str, str], there: list[str], expected: list[str]
) -> None:
    assert name_features(there, SOURCES, {"columns": chosen}, leaks) == expected


def test_a_preparation_sees_training_rows_and_open_columns_alone(table: pd.DataFrame) -> None:
    parts = pd.DataFrame({"part": np.array([5] * 2 + [2] * 6 + [1] * 4 + [0] * 4, dtype="uint8")})
    kept = table.copy(), parts.copy()
    fitted = nodes.fit_preprocessor_on_training(
        table, parts, PREPROCESSOR, {"duration": "drop"}, SPLIT, feature_sources=SOURCES
    )
    assert isinstance(fitted, TabularPreprocessor)
    assert [column.name for column in fitted.columns] == ["age", "calls"]
    rows = table["age"][[0, 1, 8, 9, 10, 11]]
    assert (fitted.columns[0].mean, fitted.columns[0].maximum) == (rows.mean(), rows.max())
    pd.testing.assert_frame_equal(table, kept[0])
    pd.testing.assert_frame_equal(parts, kept[1])


def test_rows_in_two_parts_are_prepared_for_both_and_unused_ones_for_none(table: pd.DataFrame) -> None:
    parts = pd.DataFrame({"part": np.array([1] * 10 + [7] * 2 + [6] + [0] * 3, dtype="uint8")})
    preprocessor = fit_preprocessor(table[["calls"]], TabularPreprocessingParameters(scaling="none"))
    made = nodes.apply_preprocessor(table, parts, preprocessor, "y", "binary")
    places = [[*range(12)], [10, 11, 12], [10, 11, 12]]
    for arrays, rows in zip(made, places, strict=True):
        expected = preprocessor.prepare(table.iloc[rows])
        np.testing.assert_array_equal(arrays["codes"], expected["codes"])
        np.testing.assert_array_equal(arrays["target"], table["y"].iloc[rows])
        assert arrays["target"].dtype == np.uint8
    numbers = nodes.apply_preprocessor(table.assign(y=table["age"]), parts, preprocessor, "y", "regression")
    assert [part["target"].dtype for part in numbers] == [np.float32] * 3


def test_training_rows_alone_have_the_target_statistics_of_the_rows_before_them(table: pd.DataFrame) -> None:
    table = table.assign(shop=list("aabb") * 4, day=[0, 0, 1, 1] * 4, y=np.array([1, 1, 0, 1] * 4, np.int8))
    parts = pd.DataFrame({"part": np.array([1] * 12 + [2] * 2 + [4] * 2, dtype="uint8")})
    settings = {**PREPROCESSOR, "encoding": {"shop": "ordered_target"}, "columns": ["shop"]}
    split = {**SPLIT, "strategy": "day", "keys": {"day": "day"}}
    kept = table.copy()
    fitted = nodes.fit_preprocessor_on_training(
        table, parts, settings, {}, split, "y", feature_sources={"shop": ("shop",)}
    )
    arrays = nodes.apply_preprocessor(table, parts, fitted, "y", "binary")
    train, validation, test = (expand_dense(rows, fitted)[:, 0] for rows in arrays)
    # Each shop has days of its own: of no training row anything is known of its shop by another day.
    np.testing.assert_allclose(train, 0.75, atol=1e-6)
    np.testing.assert_allclose(validation, (6 + 0.75) / 7, atol=1e-6)
    np.testing.assert_allclose(test, (3 + 0.75) / 7, atol=1e-6)
    pd.testing.assert_frame_equal(table, kept)


def test_parts_follow_the_declared_treatment_of_copies(table: pd.DataFrame) -> None:
    parts = nodes.assign_splits(table, SPLIT, "drop", "y", "binary")["part"]
    assert (parts.iloc[-1], (parts == 0).sum(), parts.dtype) == (0, 1, np.uint8)
    assert set(nodes.assign_splits(table, {**SPLIT, "strategy": "none"}, "keep", "y", "binary")["part"]) == {5}


def test_a_class_may_be_absent_only_where_the_target_is_no_class(table: pd.DataFrame) -> None:
    rare = table.assign(y=[1, *[0] * 15])
    with pytest.raises(EmptySplitError, match="has no row of class 1"):
        nodes.assign_splits(rare, SPLIT, "keep", "y", "binary")
    assert len(nodes.assign_splits(rare, SPLIT, "keep", "y", "regression")) == 16


def test_validation_rows_that_were_asked_for_must_be_there(table: pd.DataFrame) -> None:
    with pytest.raises(EmptySplitError, match="no rows for validation"):
        nodes.assign_splits(table, {**SPLIT, "strategy": "none", "validation_share": 0.1}, "keep", "y", "binary")


@pytest.fixture
def joined() -> pd.DataFrame:
    columns = {"age": [30, 40], "calls": [1, 2], "duration": [100, 200], "place": pd.Categorical(["a", None])}
    return pd.DataFrame({**columns, "part": ["train", "test"], "y": [0, 1]})


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (["age", "calls", "duration", "minutes"], ["age", "calls", "duration"]),
        # A feature needs all the raw columns that it is made of.
        (["calls", "minutes"], ["age", "calls", "duration"]),
        (["place", "age"], ["age", "place"]),
        (["calls"], ["calls"]),
    ],
)
def test_the_example_has_the_raw_columns_that_the_models_features_are_made_of(
    table: pd.DataFrame, joined: pd.DataFrame, used: list[str], expected: list[str]
) -> None:
    kept = joined.copy()
    preprocessor = fit_preprocessor(table.assign(place="a")[used], TabularPreprocessingParameters())
    example = nodes.select_example_rows(joined, preprocessor, feature_sources={**SOURCES, "place": ("place",)})
    assert example.columns.tolist() == expected
    assert "place" not in example or example["place"].tolist() == ["a", None]
    pd.testing.assert_frame_equal(joined, kept)


def test_texts_of_each_part_come_as_they_are() -> None:
    table = pd.DataFrame({"text": ["one", "two", "three"], "y": [0, 1, 1]})
    parts = pd.DataFrame({"part": np.array([1, 6, 1], dtype="uint8")})
    train, validation, test = nodes.select_texts(table, parts, TextPreprocessor("text", ["one"], 4), "y", "binary")
    assert (train["text"].tolist(), train["target"].tolist()) == (["one", "three"], [0, 1])
    assert validation["text"].tolist() == test["text"].tolist() == ["two"]


@pytest.mark.parametrize(("refit", "expected"), [(False, [0, 3]), (True, [0, 1, 3, 4])])
def test_the_profile_is_of_all_rows_that_the_network_learnt_from(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, refit: bool, expected: list[int]
) -> None:
    described: list[Any] = []
    monkeypatch.setattr(promotion, "describe_training", lambda *given: described.append(given[2].tolist()))
    parts = pd.DataFrame({"part": [TRAIN, VALIDATION, TEST, TRAIN, VALIDATION]})
    promotion.profile_training(table, table, parts, TabularPreprocessor([], "none"), None, {"refit": refit})
    assert described == [expected]
