"""Generation of activities: number a person, days and kinds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from casebook.synthetic_data.redhat import activity_shares as shares
from casebook.synthetic_data.redhat.calendars import draw_activity_days, weigh_time
from casebook.synthetic_data.redhat.draws import Floats, Integers, cut_shares, draw_types, split_total
from casebook.synthetic_data.redhat.people import HUGE, People


@dataclass(frozen=True)
class Activities:
    """Drawn activities, one place a row.

    Attributes:
        person: Place of the person in `People`.
        day: Days since the first day of the activities' calendar.
        category: N of activity_category "type N".
        kind: N of char_10 "type N"; 0 where category is 1, which has none.
    """

    person: Integers
    day: Integers
    category: Integers
    kind: Integers


def draw_activities(
    people: People, members: Integers, count: int, campaign: float, rng: np.random.Generator
) -> Activities:
    """Draw `count` activities, at least one for each of the people at the places `members`.

    Args:
        people: All people.
        members: Places of the people who act.
        count: Number of activities, at least as many as members.
        campaign: Share of the activities that belong to the campaign.
        rng: The source of randomness.
    """
    huge = people.group[members] == HUGE
    target = _draw_targets(members[huge], rng) if campaign and huge.any() else members[:0]
    special = min(round(campaign * count), count - len(members)) if len(target) else 0
    appetites = _draw_appetites(huge, rng) * weigh_time(people.day[members])
    regular = split_total(count - special, appetites, rng)
    person = np.concatenate([np.repeat(members, regular), np.sort(rng.choice(target, special))])
    in_campaign = np.arange(count) >= count - special
    category = _draw_categories(people.group[person] == HUGE, rng)
    category[in_campaign] = shares.CAMPAIGN_CATEGORY
    kind = _draw_kinds(category, rng)
    kind[in_campaign] = shares.CAMPAIGN_TYPE
    return Activities(person, _draw_days(people, person, in_campaign, rng), category, kind)


def _draw_targets(huge_members: Integers, rng: np.random.Generator) -> Integers:
    """Choose the people of the campaign."""
    count = max(shares.MIN_CAMPAIGN_PEOPLE, round(shares.CAMPAIGN_PEOPLE_SHARE * len(huge_members)))
    return rng.choice(huge_members, min(count, len(huge_members)), replace=False)


def _draw_appetites(huge: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Draw how active each person is: log-normal, so that few people hold many rows."""
    appetite = rng.lognormal(0, shares.SPREAD_OF_ACTIVITIES, len(huge))
    share = shares.HUGE_GROUP_ACTIVITY_SHARE
    total_huge, total_ordinary = appetite[huge].sum(), appetite[~huge].sum()
    if total_huge and total_ordinary:
        appetite[huge] *= share / (1 - share) * total_ordinary / total_huge
    return appetite


def _draw_days(people: People, person: Integers, in_campaign: NDArray[np.bool_], rng: np.random.Generator) -> Integers:
    """Draw the day of each activity; the activities of a person crowd on fewer days than there are activities."""
    counts = np.bincount(person, minlength=len(people.group))
    visits = np.ceil(counts**0.8).astype(np.int64)
    first = np.cumsum(visits) - visits
    days = draw_activity_days(np.repeat(people.day, visits), rng)
    choices = np.where(in_campaign, np.minimum(visits[person], shares.CAMPAIGN_DAYS), visits[person])
    visit = np.floor(rng.random(len(person)) * choices).astype(np.int64)
    chosen: Integers = days[first[person] + visit]
    return chosen


def _draw_categories(huge: NDArray[np.bool_], rng: np.random.Generator) -> Integers:
    category = np.empty(len(huge), dtype=np.int64)
    for side, here in (("ordinary", ~huge), ("huge", huge)):
        category[here] = draw_types(dict(enumerate(shares.CATEGORIES[side], start=1)), int(here.sum()), rng)
    return category


def _draw_kinds(category: Integers, rng: np.random.Generator) -> Integers:
    """Draw char_10 within each category."""
    kind = np.zeros(len(category), dtype=np.int64)
    for number, (types, weights) in _vocabularies().items():
        here = np.flatnonzero(category == number)
        kind[here] = cut_shares(1 - rng.random(len(here)), types, weights)
    return kind


def _vocabularies() -> dict[int, tuple[Integers, Floats]]:
    """Assign the free type numbers to the categories; the same in every sample."""
    taken = [number for vocabulary in shares.VOCABULARIES.values() for number in vocabulary.front]
    free = np.setdiff1d(np.arange(1, shares.LARGEST_TYPE + 1), taken)
    # A fixed seed: which number belongs to which category is a fact of the data set, not of the sample.
    free = np.random.default_rng(0).permutation(free)
    tables = {}
    for number, vocabulary in shares.VOCABULARIES.items():
        rest, free = free[: vocabulary.size], free[vocabulary.size :]
        tables[number] = (np.r_[np.asarray(vocabulary.front), rest], _weigh_types(vocabulary))
    return tables


def _weigh_types(vocabulary: shares.Vocabulary) -> Floats:
    ranks = np.arange(vocabulary.size + len(vocabulary.front))
    weights: Floats = np.power(ranks + 2.0, -vocabulary.exponent) * np.exp(-ranks / vocabulary.scale)
    if vocabulary.shares:
        front = np.asarray(vocabulary.shares) / 1000
        tail = weights[len(front) :]
        weights = np.r_[front, tail * (1 - front.sum()) / max(tail.sum(), 1e-12)]
    return weights


def draw_type_1_columns(category: Integers, rng: np.random.Generator) -> dict[str, Integers]:
    """Draw char_1 to char_9: numbers for the activities of category 1, 0 for all others."""
    here = np.flatnonzero(category == 1)
    columns = {}
    for name, table in shares.TYPE_1_COLUMNS.items():
        columns[name] = np.zeros(len(category), dtype=np.int64)
        columns[name][here] = draw_types(table, len(here), rng)
    return columns
