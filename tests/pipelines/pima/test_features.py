from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.declared_fixtures import Ingest

    Engineer = Callable[[pd.DataFrame], pd.DataFrame]

ZEROS_MISSING = ("glucose", "pressure", "skin", "insulin", "bmi")


@pytest.fixture
def engineer_features(ingest: Ingest, raw_patients: pd.DataFrame) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return ingest("pima", raw_patients)[1].engineer_features


def test_every_feature_has_its_source_and_comes_in_its_order(
    engineer_features: Engineer, joined_rows: pd.DataFrame
) -> None:
    assert engineer_features(joined_rows).columns.tolist() == [
        "pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age",
        *(f"{name}_published" for name in ZEROS_MISSING), "diabetes",
    ]  # fmt: skip


def test_zeros_are_missing_where_they_cannot_be_measured(
    engineer_features: Engineer, joined_rows: pd.DataFrame
) -> None:
    features = engineer_features(joined_rows)
    expected = pd.DataFrame(
        {
            "glucose": [148, np.nan, 183],
            "pressure": [72, 66, np.nan],
            "skin": [35, 29, np.nan],
            "insulin": [np.nan, 94, np.nan],
            "bmi": [33.6, 26.6, np.nan],
        }
    )
    pd.testing.assert_frame_equal(features[list(expected)], expected)
    assert list(expected) == list(ZEROS_MISSING)


def test_a_zero_elsewhere_is_a_zero(engineer_features: Engineer, joined_rows: pd.DataFrame) -> None:
    features = engineer_features(joined_rows.assign(pregnancies=0))
    assert features["pregnancies"].tolist() == [0, 0, 0]


def test_the_published_columns_and_the_others_are_as_they_were(
    engineer_features: Engineer, joined_rows: pd.DataFrame
) -> None:
    features = engineer_features(joined_rows)
    for name in ZEROS_MISSING:
        pd.testing.assert_series_equal(features[f"{name}_published"], joined_rows[name], check_names=False)
    kept = ["pregnancies", "pedigree", "age", "diabetes"]
    pd.testing.assert_frame_equal(features[kept], joined_rows[kept])


def test_a_single_row_of_a_request_has_the_features_it_has_among_the_others(
    engineer_features: Engineer, joined_rows: pd.DataFrame
) -> None:
    whole = engineer_features(joined_rows).drop(columns="diabetes")
    for row in range(3):
        one = engineer_features(joined_rows.drop(columns="diabetes").iloc[[row]])
        pd.testing.assert_frame_equal(one, whole.iloc[[row]])


def test_a_request_may_lack_a_column_and_then_lacks_its_features_alone(
    engineer_features: Engineer, joined_rows: pd.DataFrame
) -> None:
    features = engineer_features(joined_rows.drop(columns="insulin"))
    expected = engineer_features(joined_rows).drop(columns=["insulin", "insulin_published"])
    pd.testing.assert_frame_equal(features, expected)


def test_the_rows_stay_as_they_were(engineer_features: Engineer, joined_rows: pd.DataFrame) -> None:
    before = joined_rows.copy()
    engineer_features(joined_rows)
    pd.testing.assert_frame_equal(joined_rows, before)
