from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from casebook.pipelines.boston.columns import INPUTS
from casebook.pipelines.boston.features import engineer_features
from casebook.pipelines.boston.nodes import ingest_houses


@pytest.fixture
def joined_rows(raw_houses: Mapping[str, np.ndarray]) -> pd.DataFrame:
    return ingest_houses(raw_houses)


def test_the_features_are_the_columns_as_they_are(joined_rows: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(engineer_features(joined_rows), joined_rows)


def test_without_column_b_there_are_twelve(joined_rows: pd.DataFrame) -> None:
    features = engineer_features(joined_rows.drop(columns="B"))
    assert features.columns.tolist() == [*(name for name in INPUTS if name != "B"), "MEDV", "part"]


def test_a_row_of_a_request_needs_neither_price_nor_side(joined_rows: pd.DataFrame) -> None:
    request = joined_rows[list(INPUTS)].iloc[[7]]
    pd.testing.assert_frame_equal(engineer_features(request), engineer_features(joined_rows)[list(INPUTS)].iloc[[7]])


def test_the_price_is_a_real_number_even_where_all_are_whole(joined_rows: pd.DataFrame) -> None:
    assert engineer_features(joined_rows.assign(MEDV=20))["MEDV"].dtype == "float64"


def test_the_rows_stay_as_they_were(joined_rows: pd.DataFrame) -> None:
    before = joined_rows.copy()
    engineer_features(joined_rows)
    pd.testing.assert_frame_equal(joined_rows, before)
