"""Tables of drawn people and activities with the columns of the original files."""

import numpy as np
import pandas as pd

from casebook.synthetic_data.redhat import shares
from casebook.synthetic_data.redhat.activities import Activities, draw_type_1_columns
from casebook.synthetic_data.redhat.calendars import ACTIVITY_DAYS, PERSON_DAYS
from casebook.synthetic_data.redhat.forms import print_days, print_types
from casebook.synthetic_data.redhat.ids import draw_numbers
from casebook.synthetic_data.redhat.outcome import Outcome
from casebook.synthetic_data.redhat.people import People

PEOPLE_COLUMNS = ("people_id", "char_1", "group_1", "char_2", "date", *(f"char_{number}" for number in range(3, 39)))


def tabulate_people(people: People, ids: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Build people.csv; the groups are numbered here."""
    others = draw_numbers(int(people.group.max()), shares.LARGEST_GROUP, (), rng, banned=(shares.HUGE_GROUP,))
    groups = np.r_[shares.HUGE_GROUP, others][people.group]
    columns: dict[str, object] = {
        "people_id": ids,
        "group_1": print_types(groups, "group"),
        "date": print_days(people.day, PERSON_DAYS),
        "char_38": people.columns["char_38"].astype(np.int8),
    }
    for name in PEOPLE_COLUMNS:
        if name not in columns:
            values = people.columns[name]
            columns[name] = values.astype(bool) if name in shares.BOOLEANS else print_types(values)
    return pd.DataFrame({name: columns[name] for name in PEOPLE_COLUMNS})


def tabulate_activities(
    activities: Activities, activity_ids: pd.Series, people_ids: pd.Series, rng: np.random.Generator
) -> pd.DataFrame:
    """Build act_test.csv, or act_train.csv without its outcome."""
    present, codes = np.unique(activities.person, return_inverse=True)
    columns: dict[str, object] = {
        "people_id": pd.Categorical.from_codes(codes, pd.Index(people_ids.iloc[present])),
        "activity_id": activity_ids,
        "date": print_days(activities.day, ACTIVITY_DAYS),
        "activity_category": print_types(activities.category),
    }
    columns |= {name: print_types(values) for name, values in draw_type_1_columns(activities.category, rng).items()}
    return pd.DataFrame(columns | {"char_10": print_types(activities.kind)})


def tabulate_truth(people: People, activities: Activities, outcome: Outcome) -> pd.DataFrame:
    """Build the table of what the generator knows of each labelled row."""
    return pd.DataFrame(
        {
            "person": activities.person,
            "group": people.group[activities.person],
            "score": outcome.score,
            "group_effect": outcome.group_effect,
            "person_effect": outcome.person_effect,
            "outcome": outcome.value,
        }
    )
