"""What columns are made into by their types."""

from __future__ import annotations

import pandas as pd
import pytest

from casebook.data.declared_features import DAY_FEATURES, features_of_column, list_features
from casebook.preprocessing.row_schema import Feature


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("number", ["x"]), ("boolean", ["x"]), ("integer", ["x"]),
        ("date", [f"x_{part}" for part in DAY_FEATURES]),
        ("datetime", [*(f"x_{part}" for part in DAY_FEATURES), "x_hour"]),
        ("free_text", [f"x_words_{bucket}" for bucket in range(64)]),
    ],
)  # fmt: skip
def test_that_a_value_is_missing_is_a_feature_of_its_own_where_it_is_not_rare(kind: str, made: list[str]) -> None:
    often, rarely = (pd.Series([None] * nulls + ["1"] * (200 - nulls)) for nulls in (2, 1))
    assert list(features_of_column("x", kind, often)) == [*made, "x_missing"]
    assert features_of_column("x", kind, often)["x_missing"] == Feature("is_missing", ("x",))
    assert list(features_of_column("x", kind, rarely)) == made


def test_of_a_category_null_is_one_of_its_values() -> None:
    assert list(features_of_column("x", "category", pd.Series([None, None, "a"]))) == ["x"]


def test_a_column_keeps_its_name_where_another_would_be_made_into_it() -> None:
    kinds = {"a_missing": "number", "a": "number", "day": "date", "day_month": "category"}
    values = {name: pd.Series(["1"] * 9 + [None]) for name in kinds}
    features = list_features(kinds, kinds, values, {}, {})
    for name, kept in {"a_missing": "as_is", "day_month": "as_is", "a": "as_is"}.items():
        assert (features[name].function, features[name].of) == (kept, (name,))
    assert (features["day_year"].function, features["day_missing"].function) == ("date_part", "is_missing")
