"""What is kept of the rows that a model was trained on."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from casebook.monitoring.training_profile import describe_values, profile_rows, thin_out


def make_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "months": np.arange(101),
            "paid": [np.nan, *np.arange(100) / 4],
            "plan": pd.Categorical(["b"] * 60 + ["a"] * 41, categories=["a", "never", "b"]),
            "open": [True] * 101,
            "day": pd.date_range("2024-01-01", periods=101),
            "id": pd.Categorical([f"c{number}" for number in range(101)]),
            "image": [np.zeros((2, 2))] * 101,
        }
    )


def test_numbers_are_described_by_values_that_occur_and_categories_by_how_often() -> None:
    rows = make_rows()
    before = rows.copy()
    found = describe_values(rows)
    assert found == {
        "months": {"numbers": [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]},
        "paid": {"numbers": found["paid"]["numbers"]},
        "plan": {"categories": ["b", "a"]},
    }
    assert (found["paid"]["numbers"][0], found["paid"]["numbers"][-1]) == (0, 24.75)
    assert set(found["paid"]["numbers"]) <= set(rows["paid"])
    pd.testing.assert_frame_equal(rows, before)
    assert json.loads(json.dumps(found)) == found


def test_a_column_without_a_value_is_not_described() -> None:
    assert describe_values(pd.DataFrame({"paid": [np.nan, np.nan]})) == {}


def test_a_profile_holds_features_answers_and_raw_values() -> None:
    rows = make_rows()[["months", "plan", "day"]]
    profile = profile_rows(rows, rows[["months"]], {"probability": np.linspace(0, 1, 101)})
    assert profile["histograms"].keys() == {"feature months", "probability"}
    assert profile["typical"] == {"months": 50, "plan": "b", "day": "2024-02-20"}
    assert profile["values"].keys() == {"months", "plan"}
    assert profile["days"] == {"day": "2024-04-10"}


def test_of_many_rows_evenly_spaced_ones_are_described() -> None:
    assert thin_out(np.arange(10)).tolist() == list(range(10))
    thinned = thin_out(np.arange(120_000))
    assert (len(thinned), np.unique(np.diff(thinned)).tolist()) == (40_000, [3])
