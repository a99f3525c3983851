"""Red Hat's own nodes: ingestion of its two tables and their join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.parsing import conform_table
from casebook.data.joins import join_many_to_one
from casebook.data.schema_checks import check_table, refuse_one_class
from casebook.pipelines.redhat.columns import ACTIVITIES, PEOPLE, PERSON, TARGET

if TYPE_CHECKING:
    import pandas as pd

    from casebook.config.schema import UnknownKeys


def ingest_activities(raw_activities: pd.DataFrame) -> pd.DataFrame:
    """Parse and validate the labelled activities.

    Returns:
        The raw columns: texts as categories, `date` as datetime64[s], `outcome` as integer.
    """
    from casebook.pipelines.redhat.schemas import ACTIVITIES_SCHEMA

    activities = conform_table(raw_activities, ACTIVITIES, "act_train.csv")
    check_table(activities, ACTIVITIES_SCHEMA, "act_train.csv")
    refuse_one_class(activities, TARGET, "act_train.csv")
    return activities.astype({TARGET: "int8"})


def ingest_people(raw_people: pd.DataFrame) -> pd.DataFrame:
    """Parse and validate the people.

    Returns:
        The raw columns: texts as categories, `date` as datetime64[s], char_10 ... char_37 as booleans.
    """
    from casebook.pipelines.redhat.schemas import PEOPLE_SCHEMA

    return check_table(conform_table(raw_people, PEOPLE, "people.csv"), PEOPLE_SCHEMA, "people.csv")


def merge_people(
    activities: pd.DataFrame, people: pd.DataFrame, unknown_people: UnknownKeys
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Join each activity with its person.

    Returns:
        The activities' columns and the person's under the prefix `people_`, a row an activity; and how many activities
        were dropped because their person is unknown.
    """
    joined = join_many_to_one(activities, people, "people_id", PERSON, unknown_people)
    return joined, {"data/dropped_activities": float(len(activities) - len(joined))}
