"""The schema of a declared case's rows: features, what they are made of, and its way through JSON."""

from __future__ import annotations

import json
from math import nan

import numpy as np
import pandas as pd

from casebook.preprocessing.row_schema import Feature, RowSchema

SCHEMA = RowSchema(
    columns={"glucose": "number", "signup": "date", "paid": "number", "id": "category", "note": "free_text"},
    features={
        "glucose": Feature("zero_as_missing", ("glucose",)),
        "glucose_published": Feature("as_is", ("glucose",)),
        "signup_year": Feature("date_part", ("signup",), {"part": "year"}),
        "log_year": Feature("log1p", ("signup_year",)),
        "paid_share": Feature("ratio", ("paid", "glucose")),
    },
    carried=("y", "id"),
    classes=("No", "Yes"),
)
ROWS = pd.DataFrame(
    {
        "id": ["a", "b"], "glucose": [0, 5], "signup": pd.to_datetime(["2020-05-01", None]), "paid": [1, 10],
        "y": [0, 1],
    },
    index=[7, 8],
)  # fmt: skip


def test_features_are_made_of_columns_or_of_features_before_them() -> None:
    before = ROWS.copy()
    made = SCHEMA.engineer_features(ROWS)
    expected = pd.DataFrame(
        {
            "glucose": [nan, 5.0], "glucose_published": [0, 5], "signup_year": [2020.0, nan],
            "log_year": [np.log1p(2020), nan], "paid_share": [nan, 2.0], "y": [0, 1], "id": ["a", "b"],
        },
        index=[7, 8],
    )  # fmt: skip
    pd.testing.assert_frame_equal(made, expected)
    pd.testing.assert_frame_equal(ROWS, before)


def test_the_sources_of_a_feature_are_raw_columns_whatever_lies_between() -> None:
    assert SCHEMA.sources["log_year"] == ("signup",)
    assert SCHEMA.sources["paid_share"] == ("paid", "glucose")


def test_features_whose_columns_are_not_there_are_left_out() -> None:
    assert list(SCHEMA.engineer_features(ROWS[["glucose", "id"]])) == ["glucose", "glucose_published", "id"]


def test_a_schema_comes_back_from_json_as_it_was() -> None:
    assert RowSchema.from_dict(json.loads(json.dumps(SCHEMA.to_dict()))) == SCHEMA


def test_a_feature_of_two_columns_takes_a_table() -> None:
    assert SCHEMA.value_features is None
    single = RowSchema(SCHEMA.columns, {name: f for name, f in SCHEMA.features.items() if len(f.of) == 1})
    assert single.value_features is not None
    assert set(single.value_features) == {"glucose", "signup_year", "log_year"}
    assert np.isnan(single.value_features["glucose"](0))
    assert single.value_features["log_year"](pd.Timestamp("2020-05-01")) == np.log1p(2020)


def test_hashed_words_of_a_text_are_made_in_one_go_and_in_their_order() -> None:
    words = {f"note_{b}": Feature("hashed_word", ("note",), {"bucket": b, "buckets": 64}) for b in (40, 15)}
    schema = RowSchema({"note": "free_text", "x": "number"}, {**words, "x": Feature("as_is", ("x",))})
    made = schema.engineer_features(pd.DataFrame({"note": pd.Series(["Red red wine", None], dtype="str"), "x": [1, 2]}))
    assert {name: made[name].tolist() for name in made} == {"note_40": [1, 0], "note_15": [2, 0], "x": [1, 2]}
