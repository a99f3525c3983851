"""How far rows have moved from those of the training."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.monitoring.drift import chance_index, count_columns, describe_columns, stability_index, tabulate_drift


@pytest.fixture
def training() -> pd.DataFrame:
    generator = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": generator.normal(40, 10, 5000),
            "job": pd.Categorical(generator.choice(["a", "b", "c"], 5000, p=[0.6, 0.3, 0.1])),
            "open": generator.random(5000) < 0.3,
            "review": pd.Series(["word " * number for number in generator.integers(1, 50, 5000)], dtype="str"),
        }
    )


def index_of(training: pd.DataFrame, new: pd.DataFrame) -> dict[str, float]:
    histograms = describe_columns(training)
    drift = tabulate_drift(histograms, count_columns(new, histograms), alarm=0.25)
    return dict(zip(drift["column"], drift["index"], strict=True))


def test_the_index_is_that_of_its_definition() -> None:
    expected = (0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5)
    assert stability_index(np.array([0.5, 0.5]), np.array([20, 80])) == pytest.approx(expected)
    assert stability_index(np.array([0.25, 0.75]), np.array([1, 3])) == 0


def test_a_share_of_nothing_does_not_make_the_index_infinite() -> None:
    assert np.isfinite(stability_index(np.array([0.0, 1.0]), np.array([5, 0])))


def test_a_histogram_is_plain_and_its_shares_add_up_to_one(training: pd.DataFrame) -> None:
    histograms = describe_columns(training)
    assert json.loads(json.dumps(histograms)) == histograms
    assert list(histograms) == ["age", "job", "open", "review"]
    for found in histograms.values():
        assert sum(found["shares"]) == pytest.approx(1)
    assert histograms["job"]["values"] == ["a", "b", "c"]
    assert histograms["age"]["shares"] == pytest.approx([0.1] * 10 + [0], abs=1e-3)


def test_rows_like_those_of_the_training_have_not_moved(training: pd.DataFrame) -> None:
    assert max(index_of(training, training.sample(2500, random_state=1)).values()) < 0.02


@pytest.mark.parametrize(
    ("column", "moved"),
    [
        ("age", lambda rows: rows["age"] + 15),
        ("age", lambda rows: rows["age"].mask(rows["age"] > 40)),
        ("job", lambda rows: pd.Categorical(["c"] * len(rows))),
        ("job", lambda rows: pd.Categorical(["unheard of"] * len(rows))),
        ("open", lambda rows: ~rows["open"]),
        ("review", lambda rows: rows["review"] * 3),
    ],
)
def test_a_shifted_column_sounds_the_alarm_and_no_other(training: pd.DataFrame, column: str, moved: object) -> None:
    new = training.assign(**{column: moved})
    histograms = describe_columns(training)
    drift = tabulate_drift(histograms, count_columns(new, histograms), alarm=0.25)
    assert drift.loc[drift["alarm"], "column"].tolist() == [column]
    assert drift["column"].iloc[0] == column


@pytest.mark.parametrize("rows", [1, 5, 30, 100])
def test_few_rows_like_those_of_the_training_sound_no_alarm(training: pd.DataFrame, rows: int) -> None:
    few = training.head(600)
    histograms = describe_columns(few)
    drifts = [
        tabulate_drift(histograms, count_columns(few.sample(rows, random_state=seed), histograms), alarm=0.25)
        for seed in range(20)
    ]
    # The level alone would sound often.
    assert any((drift["index"] >= 0.25).any() for drift in drifts) == (rows < 100)
    assert [drift["column"][drift["alarm"]].tolist() for drift in drifts] == [[]] * 20


def test_a_shift_that_chance_does_not_make_sounds_the_alarm_from_few_rows_on(training: pd.DataFrame) -> None:
    few = training.head(600)
    histograms = describe_columns(few)
    shifted = few.head(30).assign(age=lambda rows: rows["age"] + 25)
    drift = tabulate_drift(histograms, count_columns(shifted, histograms), alarm=0.25)
    assert drift.loc[drift["alarm"], ["column", "rows"]].to_numpy().tolist() == [["age", 30]]


def test_the_index_that_chance_makes_follows_from_the_rows_of_both_sides() -> None:
    evenly: dict[str, Any] = {"edges": [0.5], "shares": [0.5, 0.5, 0.0], "rows": 100_000}
    # Of many rows the index times the number of rows is chi-squared (Yurdakul, 2018): 10.83 with a degree of freedom.
    assert chance_index(evenly, np.array([500, 500, 0])) == pytest.approx(10.83 / 1000, rel=0.1)
    few = {**evenly, "rows": 1000}
    assert chance_index(few, np.array([500, 500, 0])) == pytest.approx(2 * 10.83 / 1000, rel=0.1)
    assert chance_index(evenly, np.array([1, 1, 0])) > 0.25
    assert chance_index(evenly, np.array([0, 0, 0])) == np.inf
    untold = {"edges": [0.5], "shares": [0.5, 0.5, 0.0]}
    assert chance_index(untold, np.array([500, 500, 0])) == pytest.approx(10.83 / 1000, rel=0.1)


def test_a_feature_is_told_by_the_raw_columns_that_it_is_made_of() -> None:
    evenly: dict[str, Any] = {"edges": [0.5], "shares": [0.5, 0.5, 0.0], "rows": 100}
    histograms = {"feature sum": evenly, "feature age": evenly, "probability": evenly}
    counts = {name: np.array([1, 1, 0]) for name in histograms}
    drift = tabulate_drift(histograms, counts, 0.25, {"sum": ("age", "income"), "probability": ("no feature",)})
    assert drift[["column", "raw_columns"]].to_numpy().tolist() == [
        ["feature sum", "age, income"], ["feature age", ""], ["probability", ""],
    ]  # fmt: skip


def test_more_rows_than_can_be_dealt_are_measured(training: pd.DataFrame) -> None:
    histograms = describe_columns(training[["age"]])
    counts = count_columns(training, histograms)["age"] * 10**7
    assert 0 < chance_index(histograms["age"], counts) < 0.02


def test_counts_of_two_blocks_add_up_to_those_of_both(training: pd.DataFrame) -> None:
    histograms = describe_columns(training)
    whole = count_columns(training, histograms)
    parts = [count_columns(rows, histograms) for rows in (training.head(1000), training.tail(4000))]
    for name, counts in whole.items():
        np.testing.assert_array_equal(counts, parts[0][name] + parts[1][name])
        assert counts.sum() == 5000


def test_categories_are_the_same_whether_text_or_coded(training: pd.DataFrame) -> None:
    histograms = describe_columns(training[["job"]])
    as_objects = training[["job"]].astype(object)
    np.testing.assert_array_equal(
        count_columns(as_objects, histograms)["job"], count_columns(training, histograms)["job"]
    )


def test_columns_of_images_have_no_histogram() -> None:
    images = pd.DataFrame({"image": [np.zeros((2, 2)), np.ones((2, 2))]})
    assert describe_columns(images) == {}
