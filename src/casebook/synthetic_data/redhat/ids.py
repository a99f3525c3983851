"""Generation of the ids of people and activities, in the order of the original files."""

from dataclasses import fields

import numpy as np
import pandas as pd

from casebook.synthetic_data.redhat import shares
from casebook.synthetic_data.redhat.activities import Activities
from casebook.synthetic_data.redhat.draws import Integers
from casebook.synthetic_data.redhat.forms import print_ids

PREFIXES = ("act1_", "act2_")
# The original holds a few round numbers printed as 1e+05; every sample has some.
ROUND_PEOPLE, ROUND_ACTIVITIES = (100_000, 200_000, 300_000), {"act1_": (300_000,), "act2_": (900_000,)}


def draw_numbers(
    count: int, largest: int, wanted: tuple[int, ...], rng: np.random.Generator, banned: tuple[int, ...] = ()
) -> Integers:
    """Draw distinct numbers from 1 to `largest`, or twice the count if that is more, those wanted among them."""
    free = np.setdiff1d(np.arange(1, max(largest, 2 * count) + 1), wanted + banned, assume_unique=True)
    rest = rng.choice(free, max(count - len(wanted), 0), replace=False)
    return rng.permutation(np.r_[np.asarray(wanted, dtype=np.int64), rest][:count])


def draw_people_ids(count: int, rng: np.random.Generator) -> tuple[Integers, pd.Series]:
    """Draw the people's numbers and ids, both in the order of the ids as text."""
    numbers = draw_numbers(count, shares.LARGEST_PERSON, ROUND_PEOPLE, rng)
    ids = print_ids(("ppl_",), np.zeros(count, dtype=np.int64), numbers)
    order = np.argsort(ids.to_numpy(dtype="U"), kind="stable")
    return numbers[order], ids.iloc[order].reset_index(drop=True)


def choose_labelled(numbers: Integers, rng: np.random.Generator) -> Integers:
    """Choose the places of the people with labelled activities; one of them has an id in scientific form."""
    order = rng.permutation(len(numbers))
    place = int(np.flatnonzero(numbers == ROUND_PEOPLE[0])[0])
    order = np.r_[place, order[order != place]]
    return np.sort(order[: round(shares.LABELLED_PEOPLE_SHARE * len(numbers))])


def draw_activity_numbers(category: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Draw prefix (place in `PREFIXES`) and number of each activity's id; the prefix tells category 1 from the rest."""
    prefix = (category != 1).astype(np.int64)
    number = np.empty(len(category), dtype=np.int64)
    for place, name in enumerate(PREFIXES):
        here = np.flatnonzero(prefix == place)
        number[here] = draw_numbers(len(here), shares.LARGEST_ACTIVITY[name], ROUND_ACTIVITIES[name], rng)
    return prefix, number


def order_activities(activities: Activities, prefix: Integers, number: Integers) -> tuple[Activities, pd.Series]:
    """Order activities by person and id as text, and print their ids."""
    # Shifted to equal length, numbers sort as their digits do.
    digits = number * 10 ** (8 - np.ceil(np.log10(number + 1)).astype(np.int64))
    order = np.argsort((2 * activities.person + prefix) * 10**8 + digits, kind="stable")
    ordered = {field.name: getattr(activities, field.name)[order] for field in fields(activities)}
    return Activities(**ordered), print_ids(PREFIXES, prefix[order], number[order])
