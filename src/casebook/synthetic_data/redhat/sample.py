"""Synthetic sample in place of the Red Hat files: same columns, forms and shares, a known truth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from casebook.synthetic_data.redhat import shares
from casebook.synthetic_data.redhat.activities import draw_activities
from casebook.synthetic_data.redhat.activity_shares import CAMPAIGN_SHARE
from casebook.synthetic_data.redhat.ids import choose_labelled, draw_activity_numbers, draw_people_ids, order_activities
from casebook.synthetic_data.redhat.outcome import draw_outcome
from casebook.synthetic_data.redhat.people import draw_people
from casebook.synthetic_data.redhat.tables import tabulate_activities, tabulate_people, tabulate_truth

FILES = ("act_train.csv", "people.csv", "act_test.csv")
MIN_PEOPLE = 100  # with fewer, a side or a group table would be empty


@dataclass(frozen=True)
class Sample:
    """A generated sample.

    Attributes:
        tables: The three tables by file name, columns in the order of the original files.
        truth: What the generator knows of each row of act_train.csv, in its order: `person` (row of people.csv),
            `group` (0 is the huge one), `score` (what the visible columns say), `group_effect`, `person_effect`
            and `outcome`; the outcome is 1 where score + effects + standard normal noise is above 0.
    """

    tables: dict[str, pd.DataFrame]
    truth: pd.DataFrame


def generate_sample(people: int, activities: int, seed: int) -> Sample:
    """Generate a sample; the same arguments give the same sample.

    Args:
        people: Number of people, of whom a fifth act only in act_test.csv.
        activities: Number of labelled activities; act_test.csv comes on top, in the original's proportion.
        seed: Seed of everything drawn.

    Returns:
        The tables and their truth.

    Raises:
        ValueError: If there are fewer than 100 people or fewer activities than people.
    """
    _check_size(people, activities)
    rng = np.random.default_rng(seed)
    numbers, ids = draw_people_ids(people, rng)
    drawn = draw_people(people, rng)
    labelled = choose_labelled(numbers, rng)
    others = np.setdiff1d(np.arange(people), labelled)
    unlabelled = max(len(others), round(activities * shares.TEST_ACTIVITIES / shares.ACTIVITIES))
    train = draw_activities(drawn, labelled, activities, CAMPAIGN_SHARE, rng)
    test = draw_activities(drawn, others, unlabelled, 0.0, rng)
    # One pass for both tables, so that no activity has the id of another.
    prefix, number = draw_activity_numbers(np.r_[train.category, test.category], rng)
    train, train_ids = order_activities(train, prefix[:activities], number[:activities])
    test, test_ids = order_activities(test, prefix[activities:], number[activities:])
    outcome = draw_outcome(drawn, train, rng)
    train_table = tabulate_activities(train, train_ids, ids, rng).assign(outcome=outcome.value.astype(np.int8))
    tables = (train_table, tabulate_people(drawn, ids, rng), tabulate_activities(test, test_ids, ids, rng))
    return Sample(dict(zip(FILES, tables, strict=True)), tabulate_truth(drawn, train, outcome))


def _check_size(people: int, activities: int) -> None:
    if people < MIN_PEOPLE:
        raise ValueError(f"people is {people}: a sample needs at least {MIN_PEOPLE}")
    if activities < people:
        raise ValueError(f"activities is {activities}: a sample of {people} people needs at least {people}")
