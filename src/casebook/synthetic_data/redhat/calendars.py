"""Generation of days: when people came and when they acted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from casebook.synthetic_data.redhat import shares
from casebook.synthetic_data.redhat.draws import Floats, Integers, cut_shares

PERSON_DAYS = pd.date_range(shares.FIRST_PERSON_DAY, shares.LAST_DAY)
ACTIVITY_DAYS = pd.date_range(shares.FIRST_ACTIVITY_DAY, shares.LAST_DAY)
# Activities crowd soon after a person came; the power bends uniform times towards the start.
CROWDING = 1.5
# Who came late had less time to act, though not in proportion.
LATE_COMERS = 0.6
# Some days are far busier than others, by this log-normal spread.
BUSY_DAYS = 0.4


def _weigh_days(days: pd.DatetimeIndex, period: str, by_period: Sequence[int], by_weekday: Sequence[int]) -> Floats:
    """Compute each day's weight by its weekday, so that each quarter or month has its share."""
    weights = np.asarray(by_weekday, dtype=float)[days.day_of_week]
    periods = np.unique(days.to_period(period), return_inverse=True)[1]
    shares_of_days: Floats = weights * (np.asarray(by_period) / np.bincount(periods, weights))[periods]
    return shares_of_days


def _weigh_activity_days() -> Floats:
    return _weigh_days(ACTIVITY_DAYS, "M", shares.ACTIVITIES_BY_MONTH, shares.ACTIVITIES_BY_WEEKDAY)


def draw_person_days(count: int, rng: np.random.Generator) -> Integers:
    """Draw the day each person came, counted from the first of `PERSON_DAYS`."""
    weights = _weigh_days(PERSON_DAYS, "Q", shares.PEOPLE_BY_QUARTER, shares.PEOPLE_BY_WEEKDAY)
    return cut_shares(1 - rng.random(count), range(len(weights)), weights)


def weigh_time(person_days: Integers) -> Floats:
    """Compute the share of the calendar left to each person from the day they came, 1 for all of it."""
    edges = np.cumsum(_weigh_activity_days())
    left = 1 - np.r_[0.0, edges][_to_activity_days(person_days)] / edges[-1]
    weights: Floats = left**LATE_COMERS
    return weights


def _to_activity_days(person_days: Integers) -> Integers:
    """Convert places in `PERSON_DAYS` to places in `ACTIVITY_DAYS`, the first for everyone who came before it."""
    return np.maximum(person_days - (len(PERSON_DAYS) - len(ACTIVITY_DAYS)), 0)


def draw_activity_days(person_days: Integers, rng: np.random.Generator) -> Integers:
    """Draw a day for each visit, not before its person came, counted from the first of `ACTIVITY_DAYS`.

    Args:
        person_days: The day the person of each visit came, counted from the first of `PERSON_DAYS`.
        rng: The source of randomness.
    """
    edges = np.cumsum(_weigh_activity_days() * rng.lognormal(0, BUSY_DAYS, len(ACTIVITY_DAYS)))
    start = np.r_[0.0, edges][_to_activity_days(person_days)]
    times = start + (edges[-1] - start) * rng.random(len(person_days)) ** CROWDING
    days: Integers = np.searchsorted(edges[:-1], times, side="right")
    return days
