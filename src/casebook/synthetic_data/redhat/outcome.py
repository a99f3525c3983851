"""Generation of outcomes: a visible score, an effect of the group, one of the person, and noise."""

from dataclasses import dataclass

import numpy as np

from casebook.synthetic_data.redhat.activities import Activities
from casebook.synthetic_data.redhat.calendars import ACTIVITY_DAYS
from casebook.synthetic_data.redhat.draws import Floats, Integers
from casebook.synthetic_data.redhat.people import HUGE, People
from casebook.synthetic_data.redhat.shares import OUTCOME_SHARE, UNDISCLOSED

# Standard deviations, in units of the noise of a row.
GROUP_SPREAD, PERSON_SPREAD = 1.7, 1.5
HUGE_GROUP_SCORE = -20.0  # next to no outcome 1, as measured on the original
FRIDAY = 4
PLAIN_CATEGORIES = (2, 6, 7)  # those with a single char_10


@dataclass(frozen=True)
class Outcome:
    """The outcome of each row and the terms of its probability.

    Attributes:
        score: The part that the visible columns determine.
        group_effect: Normal with `GROUP_SPREAD`, one value a group; 0 for the huge one.
        person_effect: Normal with `PERSON_SPREAD`, one value a person.
        value: 1 where score + effects + standard normal noise is above 0.
    """

    score: Floats
    group_effect: Floats
    person_effect: Floats
    value: Integers


def draw_outcome(people: People, activities: Activities, rng: np.random.Generator) -> Outcome:
    """Draw the outcome of each activity; the score is shifted so that the share of 1 is the original's."""
    group_effects = rng.normal(0, GROUP_SPREAD, int(people.group.max()) + 1)
    group_effects[HUGE] = 0.0
    group_effect = group_effects[people.group[activities.person]]
    person_effect = rng.normal(0, PERSON_SPREAD, len(people.group))[activities.person]
    score = score_rows(people, activities)
    latent = score + group_effect + person_effect + rng.standard_normal(len(score))
    shift = float(np.quantile(latent, 1 - OUTCOME_SHARE))
    return Outcome(score - shift, group_effect, person_effect, (latent > shift).astype(np.int64))


def score_rows(people: People, activities: Activities) -> Floats:
    """Score each activity from columns that a model sees; no effect of the group or the person is in it.

    Two pairs work only together, kind of activity with char_8 and weekday with char_5: what one of a pair means turns
    round with the other, which no linear model can use. The rest, char_38, char_36 and the season, adds up.
    """
    columns = {name: people.columns[name][activities.person] for name in ("char_5", "char_8", "char_36", "char_38")}
    days = ACTIVITY_DAYS[activities.day]
    season = np.sin(2 * np.pi * (days.day_of_year.to_numpy() - 30) / 365)
    late_week = _sign(days.day_of_week.to_numpy() >= FRIDAY)
    plain = _sign(np.isin(activities.category, PLAIN_CATEGORIES))
    undisclosed = _sign(columns["char_5"] == UNDISCLOSED["char_5"])
    score = 0.06 * (columns["char_38"] - 75) + 0.5 * _sign(columns["char_36"] == 1) + 0.8 * season
    score += 1.9 * plain * _sign(columns["char_8"] == 2) + 1.7 * late_week * undisclosed
    return np.where(people.group[activities.person] == HUGE, HUGE_GROUP_SCORE, score)


def _sign(condition: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    return np.where(condition, 1.0, -1.0)
