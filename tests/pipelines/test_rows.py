"""The features of one row's plain values, in each case that has them so, are those of a table."""

from importlib import import_module
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.invalid_values import accepts
from casebook.column_types.parsing import conform_table

CASES = ("boston",)
NUMBERS = [0, 1, 3, 0.1, 0.15, 0.29, 0.345, 0.57, 1.005, 7.5, 96, 310, 24.49, None, -4, 1e6]


def make_rows(kinds: dict[str, str], drop: str | None = None) -> pd.DataFrame:
    """Draw rows of numbers and nulls, as far as their columns take them."""
    generator = np.random.default_rng(8)
    fitting = {
        kind: np.array([value for value in NUMBERS if accepts(kind, value)], dtype=object) for kind in kinds.values()
    }
    return pd.DataFrame({name: generator.choice(fitting[kind], 60) for name, kind in kinds.items() if name != drop})


def is_null(value: Any) -> bool:  # noqa: ANN401
    return value is None or (isinstance(value, float) and isnan(value))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lacking", [False, True])
def test_a_row_has_the_features_of_a_table(case: str, lacking: bool) -> None:
    columns = import_module(f"casebook.pipelines.{case}.columns")
    features = import_module(f"casebook.pipelines.{case}.features")
    drop = list(columns.RAW_ROW)[1] if lacking else None
    raw = make_rows(columns.RAW_ROW, drop)
    kinds = {name: kind for name, kind in columns.RAW_ROW.items() if name != drop}
    table = features.engineer_features(conform_table(raw, kinds, "rows"))
    assert list(table.columns)
    for place, row in enumerate(raw.to_dict("records")):
        plain = {name: float("nan") if value is None else value for name, value in row.items()}
        for name in table.columns:
            (source,) = columns.FEATURE_SOURCES[name]
            found = features.VALUE_FEATURES.get(name, lambda value: value)(plain[source])
            expected = table[name].iloc[place]
            assert (is_null(found) and pd.isna(expected)) or found == expected, (name, place)
