"""Shares, dependencies and distinct values of the generated tables are the measured ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.synthetic_data.redhat import activity_shares, generate_sample, shares

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casebook.synthetic_data.redhat import Sample

HUGE = shares.HUGE_GROUP_SHARE


def number_shares(values: pd.Series) -> pd.Series:
    """The share of each "type N" among the values that are not null, by N."""
    found = values.dropna().astype(str).str.removeprefix("type ").astype(int)
    return found.value_counts(normalize=True)


def assert_shares_near(found: pd.Series, expected: Mapping[int, float], tolerance: float) -> None:
    total = sum(expected.values())
    wanted = pd.Series({number: share / total for number, share in expected.items()})
    assert set(found.index) <= set(wanted.index)
    assert found.sub(wanted, fill_value=0.0).abs().max() < tolerance


@pytest.mark.parametrize("name", list(shares.GROUP_COLUMNS))
def test_columns_shared_by_a_group_have_the_measured_shares(sample: Sample, name: str) -> None:
    column = shares.GROUP_COLUMNS[name]
    mixed = {
        number: (1 - HUGE) * ordinary + HUGE * huge
        for number, ordinary, huge in zip(column.types, column.ordinary, column.huge, strict=True)
    }
    assert_shares_near(number_shares(sample.tables["people.csv"][name]), mixed, tolerance=0.02)


@pytest.mark.parametrize("name", list(shares.PERSON_COLUMNS))
def test_columns_of_the_person_alone_have_the_measured_shares(sample: Sample, name: str) -> None:
    mixed = {shares.UNDISCLOSED[name]: 0.3356, shares.FIRST[name]: 0.0259}
    rest = sum(shares.PERSON_COLUMNS[name].values())
    mixed |= {number: 0.6385 * share / rest for number, share in shares.PERSON_COLUMNS[name].items()}
    assert_shares_near(number_shares(sample.tables["people.csv"][name]), mixed, tolerance=0.02)


def test_booleans_have_the_measured_shares(sample: Sample) -> None:
    found = sample.tables["people.csv"][list(shares.BOOLEANS)].mean()
    sides = shares.BOOLEAN_SHARES
    expected = [
        (1 - HUGE) * ordinary / 1000 + HUGE * huge / 1000
        for ordinary, huge in zip(sides["ordinary"], sides["huge"], strict=True)
    ]
    assert abs(found - expected).max() < 0.01


def test_booleans_go_together_and_two_are_nearly_equal(sample: Sample) -> None:
    correlation = sample.tables["people.csv"][list(shares.BOOLEANS)].astype(float).corr()
    assert correlation.min(axis=None) > 0.4
    assert correlation.loc["char_21", "char_28"] > 0.93


def test_char_38_runs_from_0_to_100_and_is_0_for_22_percent_who_have_no_boolean(sample: Sample) -> None:
    people = sample.tables["people.csv"]
    zero = people["char_38"] == 0
    assert (people["char_38"].min(), people["char_38"].max()) == (0, 100)
    assert zero.mean() == pytest.approx(0.219, abs=0.01)
    assert not people.loc[zero, list(shares.BOOLEANS)].any(axis=None)


def test_char_2_is_type_2_for_the_huge_group_and_type_1_where_char_1_is(sample: Sample) -> None:
    people = sample.tables["people.csv"]
    assert ((people["char_2"] == "type 2") == (people["group_1"] == "group 17304")).all()
    assert ((people["char_2"] == "type 1") == (people["char_1"] == "type 1")).all()
    assert (people["group_1"] == "group 17304").mean() == pytest.approx(HUGE, abs=0.001)
    assert (people["char_1"] == "type 1").mean() == pytest.approx(0.0806, abs=0.01)


def test_char_3_char_4_and_char_5_are_undisclosed_together(sample: Sample) -> None:
    people = sample.tables["people.csv"]
    undisclosed = people["char_3"] == "type 40"
    assert undisclosed.mean() == pytest.approx(0.3356, abs=0.02)
    assert (undisclosed == (people["char_4"] == "type 25")).all()
    assert (undisclosed == (people["char_5"] == "type 9")).all()


def test_people_of_an_ordinary_group_share_char_6_to_char_38(sample: Sample) -> None:
    people = sample.tables["people.csv"]
    ordinary = people[people["group_1"] != "group 17304"]
    shared = [f"char_{number}" for number in range(6, 39)]
    assert ordinary[["group_1", *shared]].drop_duplicates()["group_1"].is_unique


@pytest.mark.parametrize("name", list(activity_shares.TYPE_1_COLUMNS))
def test_columns_of_type_1_activities_have_the_measured_shares(sample: Sample, name: str) -> None:
    found = number_shares(sample.tables["act_train.csv"][name])
    assert_shares_near(found, activity_shares.TYPE_1_COLUMNS[name], tolerance=0.025)


def test_categories_have_the_shares_of_the_labelled_activities(sample: Sample) -> None:
    expected = {1: 717, 2: 4117, 3: 1954, 4: 944, 5: 2233, 6: 19, 7: 14}
    assert_shares_near(number_shares(sample.tables["act_train.csv"]["activity_category"]), expected, tolerance=0.025)


def test_null_shares_are_the_measured_ones_within_a_point(sample: Sample) -> None:
    nulls = sample.tables["act_train.csv"].isna().mean()
    assert nulls["char_1"] == pytest.approx(0.928, abs=0.01)
    assert nulls["char_10"] == pytest.approx(0.072, abs=0.01)


def test_char_10_has_one_type_in_categories_2_6_and_7_and_no_type_is_in_two_categories(sample: Sample) -> None:
    train = sample.tables["act_train.csv"][["activity_category", "char_10"]].dropna()
    pairs = train.drop_duplicates()
    assert pairs["char_10"].is_unique
    counts = pairs["activity_category"].value_counts()
    assert [counts[f"type {number}"] for number in (2, 6, 7)] == [1, 1, 1]
    assert counts["type 3"] < counts["type 5"] < counts["type 4"]


def test_the_commonest_types_of_char_10_have_the_measured_shares(sample: Sample) -> None:
    found = number_shares(sample.tables["act_train.csv"]["char_10"])
    assert found.loc[[1, 23, 2]].tolist() == pytest.approx([0.435, 0.117, 0.055], abs=0.03)


def test_activities_a_person_are_heavy_tailed(sample: Sample) -> None:
    counts = sample.tables["act_test.csv"]["people_id"].value_counts()
    assert counts.min() == 1
    assert counts.median() == pytest.approx(5, abs=1)
    assert counts.quantile(0.99) > 15 * counts.median()


def test_distinct_values_stay_in_proportion(sample: Sample) -> None:
    people = sample.tables["people.csv"]
    joined = sample.tables["act_train.csv"].merge(people, on="people_id", suffixes=("", "_of_person"))
    assert people["group_1"].nunique() == 1 + round(8_000 * 34_223 / 189_118)
    assert joined["group_1"].nunique() == pytest.approx(8_000 * 29_899 / 189_118, rel=0.05)
    assert joined["date"].nunique() == 411
    assert joined["date_of_person"].nunique() > 900
    sizes = people["group_1"].value_counts()
    assert (sizes == 1).mean() == pytest.approx(0.6, abs=0.02)
    assert sizes.iloc[1] < 0.02 * 8_000


def test_the_outcome_has_the_original_share_and_is_0_in_the_huge_group(sample: Sample) -> None:
    outcome = sample.truth["outcome"]
    assert outcome.mean() == pytest.approx(0.443954, abs=1e-4)
    assert not outcome[sample.truth["group"] == 0].any()


@pytest.mark.real
def test_a_sample_has_the_null_and_category_shares_of_the_real_files(real_raw: Path) -> None:
    tables = generate_sample(people=40_000, activities=400_000, seed=1).tables
    for file, table in tables.items():
        real = pd.read_csv(real_raw / "redhat" / file, dtype_backend="pyarrow")
        assert list(table) == list(real)
        assert (table.isna().mean() - real.isna().mean()).abs().max() < 0.01, file
        for name in table.columns.difference(["people_id", "activity_id", "date"]):
            found, wanted = (
                column.dropna().astype(str).value_counts(normalize=True) for column in (table[name], real[name])
            )
            assert found.sub(wanted, fill_value=0.0).abs().max() < 0.03, (file, name)
