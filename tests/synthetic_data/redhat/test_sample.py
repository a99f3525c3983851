"""The generated tables have the columns, forms, nulls and ids of the original files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.synthetic_data.redhat import FILES, generate_sample

if TYPE_CHECKING:
    from casebook.synthetic_data.redhat import Sample

CHARS = [f"char_{number}" for number in range(1, 11)]
ACTIVITY_COLUMNS = ["people_id", "activity_id", "date", "activity_category", *CHARS]
PEOPLE_COLUMNS = ["people_id", "char_1", "group_1", "char_2", "date", *(f"char_{number}" for number in range(3, 39))]


def both_activity_tables(sample: Sample) -> pd.DataFrame:
    return pd.concat([sample.tables["act_train.csv"], sample.tables["act_test.csv"]], ignore_index=True)


def test_the_tables_have_the_columns_of_the_original_files_in_their_order(sample: Sample) -> None:
    assert tuple(sample.tables) == FILES == ("act_train.csv", "people.csv", "act_test.csv")
    assert list(sample.tables["act_train.csv"]) == [*ACTIVITY_COLUMNS, "outcome"]
    assert list(sample.tables["people.csv"]) == PEOPLE_COLUMNS
    assert list(sample.tables["act_test.csv"]) == ACTIVITY_COLUMNS


def test_the_row_counts_are_those_asked_for_and_the_test_table_keeps_its_proportion(sample: Sample) -> None:
    rows = {name: len(table) for name, table in sample.tables.items()}
    assert rows == {"act_train.csv": 80_000, "people.csv": 8_000, "act_test.csv": 18_156}


def test_char_10_is_null_exactly_for_type_1_activities_and_char_1_to_char_9_exactly_for_the_others(
    sample: Sample,
) -> None:
    activities = both_activity_tables(sample)
    first = activities["activity_category"] == "type 1"
    assert (activities["char_10"].isna() == first).all()
    for name in CHARS[:-1]:
        assert (activities[name].isna() != first).all()


def test_nothing_else_is_null(sample: Sample) -> None:
    assert not sample.tables["people.csv"].isna().any(axis=None)
    for name in ("act_train.csv", "act_test.csv"):
        assert not sample.tables[name].drop(columns=CHARS).isna().any(axis=None)


@pytest.mark.parametrize("name", [*(f"char_{number}" for number in range(1, 10))])
def test_text_columns_of_people_read_type_and_a_number(sample: Sample, name: str) -> None:
    assert sample.tables["people.csv"][name].astype(str).str.fullmatch(r"type [1-9]\d*").all()


def test_ids_groups_and_days_have_the_forms_of_the_original(sample: Sample) -> None:
    people, activities = sample.tables["people.csv"], both_activity_tables(sample)
    number = r"([1-9]\d*|[1-9]e\+0[56])"
    assert people["people_id"].str.fullmatch(f"ppl_{number}").all()
    assert people["group_1"].astype(str).str.fullmatch(r"group [1-9]\d*").all()
    assert activities["activity_id"].str.fullmatch(f"act[12]_{number}").all()
    assert activities["char_10"].dropna().astype(str).str.fullmatch(r"type [1-9]\d*").all()
    for days in (people["date"], activities["date"]):
        pd.to_datetime(days.astype(str), format="%Y-%m-%d")


def test_the_prefix_of_an_activity_tells_type_1_from_the_others(sample: Sample) -> None:
    activities = both_activity_tables(sample)
    assert (activities["activity_id"].str.startswith("act1_") == (activities["activity_category"] == "type 1")).all()


def test_ids_are_unique_across_both_activity_tables(sample: Sample) -> None:
    assert sample.tables["people.csv"]["people_id"].is_unique
    assert both_activity_tables(sample)["activity_id"].is_unique


def test_round_ids_are_in_scientific_form_in_both_tables(sample: Sample) -> None:
    people, activities = sample.tables["people.csv"], sample.tables["act_train.csv"]
    assert {"ppl_1e+05", "ppl_2e+05", "ppl_3e+05"} <= set(people["people_id"])
    assert (activities["people_id"] == "ppl_1e+05").any()
    assert {"act2_9e+05", "act1_3e+05"} <= set(both_activity_tables(sample)["activity_id"])
    for ids in (people["people_id"], both_activity_tables(sample)["activity_id"]):
        assert not ids.str.contains(r"_[1-9]0{5,6}$").any()


def test_rows_stand_in_the_order_of_their_ids_as_text(sample: Sample) -> None:
    people = sample.tables["people.csv"]["people_id"].to_numpy(dtype="U")
    assert (people[:-1] < people[1:]).all()
    for name in ("act_train.csv", "act_test.csv"):
        owners = sample.tables[name]["people_id"].to_numpy(dtype="U")
        assert (owners[:-1] <= owners[1:]).all()


def test_no_person_is_in_both_activity_tables_and_everyone_is_in_one(sample: Sample) -> None:
    train = set(sample.tables["act_train.csv"]["people_id"])
    test = set(sample.tables["act_test.csv"]["people_id"])
    assert (len(train), len(test)) == (6_400, 1_600)
    assert train | test == set(sample.tables["people.csv"]["people_id"])


def test_nobody_acts_before_they_came(sample: Sample) -> None:
    joined = both_activity_tables(sample).merge(sample.tables["people.csv"][["people_id", "date"]], on="people_id")
    assert (joined["date_x"].astype(str) >= joined["date_y"].astype(str)).all()


def test_columns_are_compact(sample: Sample) -> None:
    for name, table in sample.tables.items():
        text = table.drop(columns=["activity_id", "people_id"], errors="ignore")
        assert all(kind.name in {"category", "bool", "int8"} for kind in text.dtypes), name
    train = sample.tables["act_train.csv"]
    assert train.memory_usage(deep=True).sum() < 60 * len(train)


def test_the_truth_describes_the_rows_of_the_labelled_table(sample: Sample) -> None:
    train, people, truth = sample.tables["act_train.csv"], sample.tables["people.csv"], sample.truth
    owner = people.iloc[truth["person"].to_numpy()]
    assert (owner["people_id"].to_numpy(dtype="U") == train["people_id"].to_numpy(dtype="U")).all()
    assert ((owner["group_1"] == "group 17304").to_numpy() == (truth["group"] == 0).to_numpy()).all()
    assert (truth["outcome"].to_numpy() == train["outcome"].to_numpy()).all()
    for key in ("person", "group"):
        assert truth[[key, f"{key}_effect"]].drop_duplicates()[key].is_unique
    assert (truth.loc[truth["group"] == 0, "group_effect"] == 0).all()


def test_the_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    first, again, other = (generate_sample(people=300, activities=2_000, seed=seed) for seed in (1, 1, 2))
    for name in FILES:
        pd.testing.assert_frame_equal(first.tables[name], again.tables[name])
        assert not first.tables[name].equals(other.tables[name])
    pd.testing.assert_frame_equal(first.truth, again.truth)


@pytest.mark.parametrize(
    ("people", "activities", "message"),
    [(99, 1_000, "people is 99: a sample needs at least 100"), (200, 199, "activities is 199: .* at least 200")],
)
def test_a_sample_too_small_to_make_is_refused(people: int, activities: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate_sample(people=people, activities=activities, seed=1)


def test_the_smallest_sample_can_be_made() -> None:
    tables = generate_sample(people=100, activities=100, seed=1).tables
    assert [len(tables[name]) for name in FILES] == [100, 100, 23]
    assert np.isin(tables["act_train.csv"]["outcome"], (0, 1)).all()
