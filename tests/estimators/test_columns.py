"""What the columns of a frame are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.estimators.frames import customers

from casebook.estimators.columns import describe_columns


def test_columns_are_of_the_types_that_init_infers() -> None:
    described = describe_columns(customers()[0], None, "TabularClassifier", named=True)
    assert described.schema.columns == {
        "plan": "category",
        "months": "number",
        "paid": "number",
        "since": "date",
        "online": "boolean",
        "size": "category",
    }
    assert described.schema.features["size"].options == {"order": ["small", "medium", "large"]}
    assert described.schema.features["paid_missing"].function == "is_missing"
    assert described.schema.carried == ()


def test_what_a_dtype_says_of_categories_holds() -> None:
    ordered = pd.Categorical(["b", "a", "b"] * 4, categories=["b", "a", "z"], ordered=True)
    frame = pd.DataFrame({"level": ordered, "code": pd.Categorical([10, 20, 30] * 4)})
    schema = describe_columns(frame, None, "TabularClassifier", named=True).schema
    assert schema.columns == {"level": 'ordinal:["b", "a", "z"]', "code": "category"}


def test_columns_of_an_array_are_features_all_since_they_have_no_names() -> None:
    frame = pd.DataFrame({"x0": np.arange(50), "x1": 1})
    assert list(describe_columns(frame, None, "TabularClassifier", named=False).schema.features) == ["x0", "x1"]
    with pytest.raises(ValueError, match=r"no column of X can be a feature \(x0: unique whole numbers, counted up; "):
        describe_columns(frame, None, "TabularClassifier", named=True)


def test_a_key_that_the_caller_calls_a_feature_is_one() -> None:
    frame = pd.DataFrame({"step": np.arange(50), "x": np.arange(50) % 7})
    assert "step" in describe_columns(frame, None, "TabularClassifier", named=True).ignored
    said = {"step": {"type": "number"}}
    described = describe_columns(frame, said, "TabularClassifier", named=True)
    assert (list(described.schema.features), described.ignored) == (["step", "x"], {})
