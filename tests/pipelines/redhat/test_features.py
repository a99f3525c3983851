from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler
from tests.library_fixtures import ingest_redhat

from casebook.config.schema import TabularPreprocessingParameters
from casebook.pipelines.redhat.features import FEATURES
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.row_schema import trace_sources
from casebook.preprocessing.tabular import TabularPreprocessor, expand_dense, prepare_rows
from casebook.stages.nodes import fit_preprocessor_on_training

if TYPE_CHECKING:
    from tests.declared_fixtures import Ingest

engineer_features = ingest_redhat()[1].engineer_features

PUBLISHED = {
    "scaling": "standard",
    "encoding": {},
    "impute": {"activity_type": "mode"},
    "clip": {},
    "min_frequency": 1,
}
ONE_HOT = ["activity_category", *(f"people_char_{number}" for number in range(1, 10))]
PARTS = ["year", "month", "quarter", "week", "weekday", "day"]


def fit_published(table: pd.DataFrame, parts: pd.DataFrame) -> TabularPreprocessor:
    split, sources = {"strategy": "row"}, trace_sources(FEATURES, ())
    return fit_preprocessor_on_training(table, parts, PUBLISHED, {}, split, feature_sources=sources)


@pytest.fixture
def joined_rows(ingest: Ingest, raw_activities: pd.DataFrame, raw_people: pd.DataFrame) -> pd.DataFrame:
    return ingest("redhat", raw_activities, raw_people)[0]


def test_the_features_are_those_of_the_published_preparation_in_order(joined_rows: pd.DataFrame) -> None:
    features = engineer_features(joined_rows)
    expected = [
        "people_id", "activity_id", "activity_category", "activity_type",
        *(f"activity_{part}" for part in PARTS),
        "people_char_1", "people_group_1", "people_char_2",
        *(f"people_char_{number}" for number in range(3, 39)),
        *(f"people_{part}" for part in PARTS),
    ]  # fmt: skip
    assert len(expected) == 55
    assert features.columns.tolist() == [*expected, "outcome"]
    assert list(FEATURES) == expected


def test_ids_groups_types_and_dates_become_numbers(joined_rows: pd.DataFrame) -> None:
    features = engineer_features(joined_rows)
    numbers = pd.DataFrame(
        {
            "people_id": pd.Series([100, 100_000, 100], dtype="int32"),
            "activity_id": pd.Series([1_734_928, 9, 100_000], dtype="int32"),
            "activity_type": [76, np.nan, 1],
            "people_group_1": pd.Series([17_304, 29_899, 17_304], dtype="int32"),
        }
    )
    pd.testing.assert_frame_equal(features[list(numbers)], numbers)
    day, person = [2023, 8, 3, 34, 5, 26], [2021, 6, 2, 26, 1, 29]
    dates = [[*day, *person], [2022, 9, 3, 39, 1, 27, 2024, 12, 4, 1, 0, 30], [*day, *person]]
    names = [f"{prefix}_{part}" for prefix in ("activity", "people") for part in PARTS]
    pd.testing.assert_frame_equal(features[names], pd.DataFrame(dates, columns=names, dtype="int16"))


def test_everything_else_is_as_it_was(joined_rows: pd.DataFrame) -> None:
    kept = [*ONE_HOT, *(f"people_char_{number}" for number in range(10, 39)), "outcome"]
    pd.testing.assert_frame_equal(engineer_features(joined_rows)[kept], joined_rows[kept])


def test_features_are_made_row_by_row(joined_rows: pd.DataFrame) -> None:
    whole = engineer_features(joined_rows)
    one = engineer_features(joined_rows.iloc[[2]])
    pd.testing.assert_frame_equal(one, whole.iloc[[2]], check_dtype=False)


def test_rows_without_an_outcome_have_the_same_features(joined_rows: pd.DataFrame) -> None:
    request = joined_rows.drop(columns="outcome")
    expected = engineer_features(joined_rows).drop(columns="outcome")
    pd.testing.assert_frame_equal(engineer_features(request), expected)


def test_a_row_without_one_of_its_columns_lacks_its_feature_alone(joined_rows: pd.DataFrame) -> None:
    features = engineer_features(joined_rows.drop(columns="char_10"))
    pd.testing.assert_frame_equal(features, engineer_features(joined_rows).drop(columns="activity_type"))


def test_the_rows_stay_as_they_were(joined_rows: pd.DataFrame) -> None:
    before = joined_rows.copy()
    engineer_features(joined_rows)
    pd.testing.assert_frame_equal(joined_rows, before)


def make_feature_table(rows: int) -> pd.DataFrame:
    """Repeat the three rows' features with values that vary like the real ones."""
    generator = np.random.default_rng(6)
    day = generator.integers(1, 29, rows)
    table = {
        "people_id": generator.integers(1, 400_000, rows).astype("int32"),
        "activity_id": generator.integers(1, 4_900_000, rows).astype("int32"),
        "activity_category": pd.Categorical([f"type {n}" for n in generator.integers(1, 8, rows)]),
        "activity_type": np.where(generator.random(rows) < 0.1, np.nan, generator.integers(1, 8_000, rows)),
        **{f"activity_{part}": day.astype("int16") for part in PARTS},
        "activity_year": (2022 + (day > 20)).astype("int16"),
        **{
            f"people_char_{n}": pd.Categorical([f"type {c}" for c in generator.integers(1, 2 + n, rows)])
            for n in range(1, 10)
        },
        "people_group_1": generator.integers(1, 20_000, rows).astype("int32"),
        **{f"people_char_{n}": generator.random(rows) < n / 100 for n in range(10, 38)},
        "people_char_38": generator.integers(0, 101, rows),
        **{f"people_{part}": day[::-1].astype("int16") for part in PARTS},
        "outcome": generator.integers(0, 2, rows).astype("int8"),
    }
    return pd.DataFrame(table)[[*FEATURES, "outcome"]]


def prepare_by_the_book(table: pd.DataFrame, training: np.ndarray) -> np.ndarray:
    """Do what the published text does: mode, one-hot of every category, standard scaler of the training rows."""
    mode = table.loc[training, "activity_type"].mode().iloc[0]
    filled = table.drop(columns="outcome").assign(activity_type=table["activity_type"].fillna(mode))
    dense = pd.get_dummies(filled, columns=ONE_HOT).to_numpy(np.float64)
    return StandardScaler().fit(dense[training]).transform(dense)


def test_the_published_preparation_comes_out_exactly() -> None:
    table = make_feature_table(900)
    parts = pd.DataFrame({"part": np.repeat([1, 2, 4], [600, 100, 200]).astype("uint8")})
    preprocessor = fit_published(table, parts)
    # 45 columns of numbers, then 7 + 2 + 3 + ... + 10 categories.
    assert len(preprocessor.features) == 45 + 7 + sum(range(2, 11))
    dense = expand_dense(prepare_rows(table, preprocessor), preprocessor)
    expected = prepare_by_the_book(table, np.arange(900) < 600)
    np.testing.assert_allclose(dense, expected, rtol=0, atol=1e-6)


def test_the_three_rows_are_prepared_as_by_hand(joined_rows: pd.DataFrame) -> None:
    table = engineer_features(joined_rows)
    preprocessor = fit_preprocessor(table.drop(columns="outcome"), TabularPreprocessingParameters(**PUBLISHED))
    dense = expand_dense(prepare_rows(table, preprocessor), preprocessor)
    by_name = dict(zip(preprocessor.features, dense.T.tolist(), strict=True))
    # Two rows of one person and one of another: a column that differs is (-1, 2, -1) / sqrt 2 or its opposite.
    low, high = -(0.5**0.5), 2**0.5
    assert by_name["people_id"] == pytest.approx([low, high, low])
    assert by_name["people_char_1=type 1"] == pytest.approx([low, high, low])
    assert by_name["people_char_1=type 2"] == pytest.approx([-low, -high, -low])
    assert by_name["people_char_38"] == pytest.approx([low, high, low])
    # The mode of 76 and 1 is the smaller: (76, 1, 1).
    assert by_name["activity_type"] == pytest.approx([high, low, low])
    assert by_name["activity_category=type 4"] == pytest.approx([high, low, low])
    # Both people have the same char_2.
    assert len(by_name) == 45 + 3 + 8 * 2 + 1


def test_other_rows_than_the_training_ones_change_nothing_that_is_fitted() -> None:
    table = make_feature_table(300)
    parts = pd.DataFrame({"part": np.resize(np.array([1, 2, 4], dtype="uint8"), 300)})
    preprocessor = fit_published(table, parts)
    others = (parts["part"] != 1).to_numpy()
    changed = table.copy()
    changed.loc[others, "people_char_38"] = 10_000
    changed.loc[others, "activity_type"] = 3.0
    changed["people_char_1"] = changed["people_char_1"].cat.add_categories(["type 99"])
    changed.loc[others, "people_char_1"] = "type 99"
    changed.loc[others, "outcome"] = 1
    assert_equal_fit(fit_published(changed, parts), preprocessor)
    # The same change in one training row is seen.
    table.loc[np.flatnonzero(~others)[0], "people_char_38"] = 10_000
    assert fit_published(table, parts) != preprocessor


def assert_equal_fit(one: TabularPreprocessor, other: TabularPreprocessor) -> None:
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())
