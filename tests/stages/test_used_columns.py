"""Which columns a network sees where the split is by time."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.preprocessing.row_schema import Feature, RowSchema
from casebook.stages.nodes import fit_preprocessor_on_training

SCHEMA = RowSchema({"at": "date", "calls": "integer"}, {
    "calls": Feature("as_is", ("calls",)),
    "at_month": Feature("date_part", ("at",), {"part": "month"}),
    "at_weekday": Feature("date_part", ("at",), {"part": "weekday"}),
})  # fmt: skip
DROP: dict[str, Any] = {"time_index": "drop"}
BY_TIME: dict[str, Any] = {"strategy": "time", "keys": {"time": "at"}, "test_days": 30}


def fit(names: list[str], preprocessing: dict[str, Any], split: dict[str, Any]) -> list[str]:
    """Fit on the rows of the first months of a year -> the columns that are used."""
    at = pd.date_range("2020-01-01", periods=200)
    calls = np.random.default_rng(1).integers(0, 9, 200)
    table = pd.DataFrame({"calls": calls, "at_month": at.month, "at_weekday": at.day_of_week, "at": at})[[*names, "at"]]
    parts = pd.DataFrame({"part": np.where(np.arange(200) < 150, 1, 4).astype(np.uint8)})
    sources = {name: SCHEMA.features[name].of for name in names}
    return fit_preprocessor_on_training(
        table, parts, preprocessing, {}, split, feature_sources=sources, row_schema=SCHEMA
    ).column_names


def test_features_that_tell_when_a_row_was_are_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert fit([*SCHEMA.features], DROP, BY_TIME) == ["calls", "at_weekday"]
    assert "less than two years: at_month (preprocessing.time_index=keep keeps them)" in caplog.text


@pytest.mark.parametrize(
    ("names", "preprocessing", "split"),
    [
        ([*SCHEMA.features], {"time_index": "keep"}, BY_TIME),
        ([*SCHEMA.features], {}, BY_TIME),
        ([*SCHEMA.features], DROP, {"strategy": "row", "keys": {"time": "at"}}),
        (["at_month", "calls"], {**DROP, "columns": ["at_month", "calls"]}, BY_TIME),
        # A table of nothing else keeps what it has.
        (["at_month"], DROP, BY_TIME),
    ],
)
def test_they_stay_where_nothing_says_otherwise_or_nothing_is_later(
    names: list[str], preprocessing: dict[str, Any], split: dict[str, Any]
) -> None:
    assert fit(names, preprocessing, split) == names
