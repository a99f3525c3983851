"""Red Hat's own nodes: ingestion of its two tables and their join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.labels import NO_LABELS, map_labels
from casebook.column_types.parsing import conform_table
from casebook.data.joins import JoinNames, join_many_to_one
from casebook.data.schema_checks import check_table, refuse_one_class
from casebook.data.source_names import name_source, source_of
from casebook.pipelines.redhat.columns import ACTIVITIES, PEOPLE, PERSON, TARGET

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.config.schema import UnknownKeys

# What the labelled activities usually lie in.
FILE = "act_train.csv"


def ingest_activities(raw_activities: pd.DataFrame, labels: Mapping[str, int] = NO_LABELS) -> pd.DataFrame:
    """Type and check the labelled activities.

    Returns:
        The raw columns: texts as categories, `date` as datetime64[s], `outcome` as integer.
    """
    from casebook.pipelines.redhat.schemas import ACTIVITIES_SCHEMA

    file = source_of(raw_activities, FILE)
    activities = conform_table(map_labels(raw_activities, TARGET, labels, file), ACTIVITIES, file)
    check_table(activities, ACTIVITIES_SCHEMA, file)
    refuse_one_class(activities, TARGET, file)
    return name_source(activities.astype({TARGET: "int8"}), file)


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
    names = JoinNames(f"{source_of(activities, FILE)}, column people_id", "people.csv", "redhat.unknown_people")
    joined = join_many_to_one(activities, people, "people_id", PERSON, names, unknown_people)
    return joined, {"data/dropped_activities": float(len(activities) - len(joined))}
