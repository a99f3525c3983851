"""Red Hat's declaration: what its tables must hold, and how they are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.config.schema.table_declaration import ColumnParameters
from casebook.data.declared_tables import find_forbidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.declared_fixtures import Ingest

    Change = Callable[[pd.DataFrame], pd.DataFrame]

FLAGS = [f"char_{number}" for number in range(10, 38)]


def test_activities_and_people_are_typed_and_joined(
    ingest: Ingest, raw_activities: pd.DataFrame, raw_people: pd.DataFrame
) -> None:
    rows, schema = ingest("redhat", raw_activities, raw_people)
    activities = raw_activities.assign(
        date=pd.array(["2023-08-26", "2022-09-27", "2023-08-26"], dtype="datetime64[s]"),
        outcome=pd.array([0, 1, 0], dtype="int8").to_numpy(),
    )
    people = raw_people.assign(
        date=pd.array(["2020-12-31", "2021-06-29", "2024-12-30"], dtype="datetime64[s]"),
        char_38=[0, 36, 99],
        **{name: [True, False, True] for name in FLAGS},
    )
    of_each = people.iloc[[1, 2, 1]].reset_index(drop=True).drop(columns="people_id").add_prefix("people_")
    pd.testing.assert_frame_equal(rows, pd.concat([activities, of_each], axis=1))
    assert list(schema.columns) == rows.columns.drop("outcome").tolist()
    assert len(schema.columns) == 14 + 40
    assert schema.classes == ()


def test_columns_may_come_in_any_order(ingest: Ingest, raw_activities: pd.DataFrame, raw_people: pd.DataFrame) -> None:
    rows, schema = ingest("redhat", raw_activities, raw_people)
    turned, again = ingest("redhat", raw_activities[sorted(raw_activities)], raw_people[sorted(raw_people)])
    pd.testing.assert_frame_equal(turned[rows.columns.tolist()], rows)
    assert again.features == schema.features


def change(column: str, *values: object) -> Change:
    return lambda table: table.assign(**{column: list(values)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="date"), ", people.csv 'date'"),
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
            ", column outcome: '2' (1 rows) is none of the declared classes 0, 1",
        ),
        (
            change("outcome", "0", "1", "much"),
            ", column outcome: 'much' (1 rows) is none of the declared classes 0, 1",
        ),
        (
            change("outcome", "0", None, "1"),
            ", column outcome: must not be empty (1 rows, first 'nan' in data row 2)",
        ),
        (
            change("outcome", "1", "1", "1"),
            ", column outcome: every row is 1; two classes at least are needed",
        ),
    ],
)
def test_activities_that_cannot_be_learnt_from_are_refused(
    ingest: Ingest, raw_activities: pd.DataFrame, raw_people: pd.DataFrame, spoil: Change, message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest("redhat", spoil(raw_activities), raw_people)
    assert "act_train.csv" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda table: table.drop(columns="group_1"),
            "there is no column in act_train.csv, people.csv 'people_group_1'",
        ),
        (lambda table: table.drop(columns="people_id"), "there is no column in people.csv 'people_id'"),
        (lambda table: table.assign(outcome=1), "has columns that nothing is known of: outcome; remove them"),
        (lambda table: table.head(0), "has a header but no rows; put the complete file there"),
        (
            change("people_id", "ppl_7", "ppl_7", "ppl_100"),
            ": people_id ppl_7 stands 2 times (1 rows too many); keep one row for each people_id",
        ),
        (
            change("char_10", "True", "False", "maybe"),
            ", column char_10: 'maybe' is not yes or no, true or false, 1 or 0 (1 of 3 rows, first in data row 3)",
        ),
        (
            change("char_38", "1", "many", "3"),
            ", column char_38: 'many' is not a number (1 of 3 rows, first in data row 2)",
        ),
        (
            change("group_1", "group 1", "group 2", None),
            ", column people_group_1: must not be empty (1 rows, first 'nan' in data row 3)",
        ),
        (
            change("char_37", "True", "False", None),
            ", column people_char_37: must not be empty (1 rows, first 'None' in data row 3)",
        ),
        (
            change("group_1", "group 1", "type 2", "group 3"),
            r", column people_group_1: must look like group \d+ (1 rows, first 'type 2' in data row 2)",
        ),
    ],
)
def test_people_that_do_not_fit_are_refused(
    ingest: Ingest, raw_activities: pd.DataFrame, raw_people: pd.DataFrame, spoil: Change, message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest("redhat", raw_activities, spoil(raw_people))
    assert "people.csv" in str(caught.value)
    assert message in str(caught.value)


def test_an_activity_of_nobody_is_refused_with_the_parameter_that_drops_it(
    ingest: Ingest, raw_activities: pd.DataFrame, raw_people: pd.DataFrame
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest("redhat", raw_activities, raw_people.iloc[[0, 2]])
    assert str(caught.value) == (
        "act_train.csv, column people_id: 2 rows have no partner in people.csv (first: people_id ppl_100); add the "
        "missing rows there, or give data.tables.people.unmatched=missing to keep them, or =drop to leave them out"
    )


def test_activities_of_nobody_are_dropped_on_demand(
    ingest: Ingest, raw_activities: pd.DataFrame, raw_people: pd.DataFrame
) -> None:
    joined, _ = ingest("redhat", raw_activities, raw_people.iloc[[0, 2]], people={"unmatched": "drop"})
    assert joined["activity_id"].tolist() == ["act1_9"]
    assert joined["people_group_1"].tolist() == ["group 29899"]


@pytest.mark.parametrize("kind", ["category", "str", object])
@pytest.mark.parametrize(
    ("pattern", "right", "wrong"),
    [
        (r"ppl_\d+(e\+?\d+)?", "ppl_1e+05", "ppl_"),
        (r"ppl_\d+(e\+?\d+)?", "ppl_2e5", "ppl_1.5"),
        (r"type \d+", "type 12", "type 12 "),
        (r"type \d+", "type 8000", "Type 8000"),
    ],
)
def test_patterns_are_matched_however_texts_are_kept(pattern: str, right: str, wrong: str, kind: str | type) -> None:
    said = ColumnParameters(pattern=pattern)
    assert not list(find_forbidden(pd.Series([right, None, right], dtype=kind), said, "x"))
    (told,) = find_forbidden(pd.Series([right, None, wrong], dtype=kind), said, "x")
    assert told.startswith(f"x: must look like {pattern} (1 rows, first '{wrong}' in data row 3)")


def test_a_wrong_text_among_the_categories_that_no_row_has_is_no_error() -> None:
    unused = pd.Series(["type 1"], dtype="category").cat.add_categories(["type x"])
    assert not list(find_forbidden(unused, ColumnParameters(pattern=r"type \d+"), "x"))
