import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.data.schema_checks import check_table
from casebook.pipelines.redhat.columns import ACTIVITIES, PEOPLE
from casebook.pipelines.redhat.nodes import ingest_activities
from casebook.pipelines.redhat.schemas import ACTIVITIES_SCHEMA, PEOPLE_SCHEMA


def test_the_schemas_know_every_column_and_no_other() -> None:
    assert list(ACTIVITIES_SCHEMA.columns) == list(ACTIVITIES)
    assert list(PEOPLE_SCHEMA.columns) == list(PEOPLE)


def test_only_the_activitys_characteristics_may_be_null() -> None:
    nullable = [name for name, column in ACTIVITIES_SCHEMA.columns.items() if column.nullable]
    assert nullable == [f"char_{number}" for number in range(1, 11)]
    assert not any(column.nullable for column in PEOPLE_SCHEMA.columns.values())


@pytest.mark.parametrize("kind", ["category", "str", object])
@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [
        ("people_id", "ppl_1e+05", "ppl_"),
        ("people_id", "ppl_2e5", "ppl_1.5"),
        ("activity_id", "act1_4e+05", "act_7"),
        ("activity_category", "type 12", "type 12 "),
        ("char_10", "type 8000", "Type 8000"),
    ],
)
def test_forms_are_checked_however_texts_are_kept(
    raw_activities: pd.DataFrame, column: str, right: str, wrong: str, kind: str | type
) -> None:
    activities = ingest_activities(raw_activities)
    others = activities[column].astype(object).tolist()
    fitting = activities.assign(**{column: pd.Series([*others[:2], right], dtype=kind)})
    check_table(fitting, ACTIVITIES_SCHEMA, "act_train.csv")
    with pytest.raises(InvalidTableError, match=f"column {column}: must look like .*first '{wrong}' in data row 3"):
        check_table(
            activities.assign(**{column: pd.Series([*others[:2], wrong], dtype=kind)}),
            ACTIVITIES_SCHEMA,
            "act_train.csv",
        )


def test_a_wrong_form_among_the_categories_that_no_row_has_is_no_error(raw_activities: pd.DataFrame) -> None:
    activities = ingest_activities(raw_activities)
    unused = activities["activity_category"].cat.add_categories(["type x"])
    check_table(activities.assign(activity_category=unused), ACTIVITIES_SCHEMA, "act_train.csv")
