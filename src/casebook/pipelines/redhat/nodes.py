"""Red Hat's own nodes: reading its two tables and joining them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.labels import NO_LABELS, map_labels
from casebook.column_types.parsing import conform_table
from casebook.data.joins import join_many_to_one
from casebook.data.schema_checks import check_table
from casebook.data.source_names import source_of
from casebook.pipelines.redhat.columns import ACTIVITIES, PEOPLE, PERSON, TARGET
from casebook.stages.nodes import refuse_one_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.config.schema import UnknownKeys


def ingest_activities(raw_activities: pd.DataFrame, labels: Mapping[str, int] = NO_LABELS) -> pd.DataFrame:
    """Type and check the labelled activities.

    Returns:
        The raw columns: texts as categories, `date` as datetime64[s], `outcome` as integer.
    """
    from casebook.pipelines.redhat.schemas import ACTIVITIES_SCHEMA

    file = source_of(raw_activities, "act_train.csv")
    activities = conform_table(map_labels(raw_activities, TARGET, labels, file), ACTIVITIES, file)
    check_table(activities, ACTIVITIES_SCHEMA, file)
    refuse_one_class(activities, TARGET, file)
    return activities.astype({TARGET: "int8"})


def ingest_people(raw_people: pd.DataFrame) -> pd.DataFrame:
    """Type and check the people.

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
        were dropped because nobody is known of their person.
    """
    joined = join_many_to_one(activities, people, "people_id", PERSON, unknown_people)
    return joined, {"data/dropped_activities": float(len(activities) - len(joined))}
