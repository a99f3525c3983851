from collections.abc import Callable

import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.pipelines.redhat.columns import ACTIVITIES, PEOPLE, RAW_ROW
from casebook.pipelines.redhat.nodes import ingest_activities, ingest_people, merge_people

Change = Callable[[pd.DataFrame], pd.DataFrame]


def test_activities_are_typed(raw_activities: pd.DataFrame) -> None:
    activities = ingest_activities(raw_activities)
    expected = raw_activities.assign(
        date=pd.array(["2023-08-26", "2022-09-27", "2023-08-26"], dtype="datetime64[s]"),
        outcome=pd.array([0, 1, 0], dtype="int8").to_numpy(),
    )
    pd.testing.assert_frame_equal(activities, expected)


def test_people_are_typed(raw_people: pd.DataFrame) -> None:
    people = ingest_people(raw_people)
    flags = {name: [True, False, True] for name, kind in PEOPLE.items() if kind == "flag"}
    expected = raw_people.assign(
        date=pd.array(["2020-12-31", "2021-06-29", "2024-12-30"], dtype="datetime64[s]"), char_38=[0, 36, 99], **flags
    )
    assert len(flags) == 28
    pd.testing.assert_frame_equal(people, expected)


def test_columns_may_come_in_any_order_and_are_put_in_theirs(
    raw_activities: pd.DataFrame, raw_people: pd.DataFrame
) -> None:
    activities = ingest_activities(raw_activities[sorted(raw_activities)])
    people = ingest_people(raw_people[sorted(raw_people)])
    assert (activities.columns.tolist(), people.columns.tolist()) == (list(ACTIVITIES), list(PEOPLE))
    assert (len(ACTIVITIES), len(PEOPLE)) == (15, 41)


def change(column: str, *values: object) -> Change:
    return lambda table: table.assign(**{column: list(values)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="char_10"), "lacks the column char_10; it has people_id, activity_id, date"),
        (lambda table: table.assign(colour="red"), "has columns that nothing is known of: colour; remove them"),
        (lambda table: table.head(0), "has a header but no rows; put the complete file there"),
        (
            change("date", "2023-08-26", "26.08.2023", "2023-08-26"),
            ", column date: '26.08.2023' is not a date like 2023-08-26 (1 of 3 rows, first in data row 2)",
        ),
        (
            change("date", "2023-08-26", None, "2023-08-26"),
            ", column date: must not be empty (1 rows, first 'NaT' in data row 2)",
        ),
        (
            change("activity_category", "type 1", "type 4", "type x"),
            r", column activity_category: must look like type \d+ (1 rows, first 'type x' in data row 3)",
        ),
        (
            change("char_10", "76", None, "type 1"),
            r", column char_10: must look like type \d+ (1 rows, first '76' in data row 1)",
        ),
        (
            change("people_id", "ppl_1", "100", "100"),
            r", column people_id: must look like ppl_\d+(e\+?\d+)? (2 rows, first '100' in data row 2)",
        ),
        (
            change("activity_id", "act1_1", "act_2", "act2_3"),
            r", column activity_id: must look like act\d_\d+(e\+?\d+)? (1 rows, first 'act_2' in data row 2)",
        ),
        (
            change("outcome", "0", "1", "2"),
            ", column outcome: '2' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 3)",
        ),
        (
            change("outcome", "0", "1", "much"),
            ", column outcome: 'much' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 3)",
        ),
        (
            change("outcome", "0", None, "1"),
            ", column outcome: must not be empty (1 rows, first 'nan' in data row 2)",
        ),
        (
            change("outcome", "1", "1", "1"),
            ", column outcome: every row is 1; both classes are needed to learn from",
        ),
    ],
)
def test_activities_that_cannot_be_learnt_from_are_refused(
    raw_activities: pd.DataFrame, spoil: Change, message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest_activities(spoil(raw_activities))
    assert str(caught.value).startswith("act_train.csv")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda table: table.drop(columns=["group_1", "char_38"]),
            "lacks the columns group_1, char_38; it has people_id",
        ),
        (lambda table: table.assign(outcome=1), "has columns that nothing is known of: outcome; remove them"),
        (lambda table: table.head(0), "has a header but no rows; put the complete file there"),
        (
            change("people_id", "ppl_7", "ppl_100", "ppl_7"),
            ", column people_id: must not hold a value twice (2 rows, first 'ppl_7' in data row 1)",
        ),
        (
            change("char_10", "True", "False", "maybe"),
            ", column char_10: 'maybe' is not true or false (1 of 3 rows, first in data row 3)",
        ),
        (
            change("char_38", "1", "many", "3"),
            ", column char_38: 'many' is not a number (1 of 3 rows, first in data row 2)",
        ),
        (
            change("group_1", "group 1", "group 2", None),
            ", column group_1: must not be empty (1 rows, first 'nan' in data row 3)",
        ),
        (
            change("char_37", "True", "False", None),
            ", column char_37: must not be empty (1 rows, first 'None' in data row 3)",
        ),
        (
            change("group_1", "group 1", "type 2", "group 3"),
            r", column group_1: must look like group \d+ (1 rows, first 'type 2' in data row 2)",
        ),
    ],
)
def test_people_that_do_not_fit_are_refused(raw_people: pd.DataFrame, spoil: Change, message: str) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest_people(spoil(raw_people))
    assert str(caught.value).startswith("people.csv")
    assert message in str(caught.value)


def test_each_activity_gets_its_person(raw_activities: pd.DataFrame, raw_people: pd.DataFrame) -> None:
    activities, people = ingest_activities(raw_activities), ingest_people(raw_people)
    joined, metrics = merge_people(activities, people, "refuse")
    lookup_table = people.iloc[[1, 2, 1]].reset_index(drop=True).drop(columns="people_id").add_prefix("people_")
    pd.testing.assert_frame_equal(joined, pd.concat([activities, lookup_table], axis=1))
    assert joined.drop(columns="outcome").columns.tolist() == list(RAW_ROW)
    assert metrics == {"data/dropped_activities": 0.0}


def test_an_activity_of_nobody_is_refused_with_the_parameter_that_drops_it(
    raw_activities: pd.DataFrame, raw_people: pd.DataFrame
) -> None:
    activities, people = ingest_activities(raw_activities), ingest_people(raw_people)
    with pytest.raises(InvalidTableError) as caught:
        merge_people(activities, people.iloc[[0, 2]], "refuse")
    assert str(caught.value) == (
        "act_train.csv, column people_id: 2 rows have a people_id that people.csv does not hold (first: ppl_100); "
        "add the missing rows there, or give `redhat.unknown_people=drop` to leave them out"
    )


def test_activities_of_nobody_are_dropped_and_counted_on_demand(
    raw_activities: pd.DataFrame, raw_people: pd.DataFrame
) -> None:
    activities, people = ingest_activities(raw_activities), ingest_people(raw_people)
    joined, metrics = merge_people(activities, people.iloc[[0, 2]], "drop")
    assert joined["activity_id"].tolist() == ["act1_9"]
    assert joined["people_group_1"].tolist() == ["group 29899"]
    assert metrics == {"data/dropped_activities": 2.0}


def test_the_nodes_leave_their_inputs_as_they_were(raw_activities: pd.DataFrame, raw_people: pd.DataFrame) -> None:
    inputs = raw_activities.copy(), raw_people.copy()
    activities, people = ingest_activities(raw_activities), ingest_people(raw_people)
    pd.testing.assert_frame_equal(raw_activities, inputs[0])
    pd.testing.assert_frame_equal(raw_people, inputs[1])
    typed = activities.copy(), people.copy()
    merge_people(activities, people, "refuse")
    merge_people(activities, people.head(1), "drop")
    pd.testing.assert_frame_equal(activities, typed[0])
    pd.testing.assert_frame_equal(people, typed[1])
