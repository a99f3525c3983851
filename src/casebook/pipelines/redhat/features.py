"""Red Hat's features: the 55 of the published preprocessing, made of raw joined rows by functions that all cases have.

Source: REFERENCES of the published experiment, steps 1, 3 and 4. Its names for the results: activity_type is char_10;
Activity_Year ... Activity_Day are here activity_year ... activity_day; Year ... Day of the person are people_year ...
people_day; the person's columns keep the prefix `people_`. char_1 ... char_9 of the activity are no features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.preprocessing.feature_functions import DATE_PARTS
from casebook.preprocessing.row_schema import Feature

if TYPE_CHECKING:
    from collections.abc import Mapping

PERSON = "people_"


def _take(name: str) -> Feature:
    return Feature("as_is", (name,))


def _number_in(name: str) -> Feature:
    return Feature("number_in_text", (name,))


def _parts_of(date: str, prefix: str) -> dict[str, Feature]:
    return {f"{prefix}{part}": Feature("date_part", (date,), {"part": part}) for part in DATE_PARTS}


FEATURES: Mapping[str, Feature] = {
    "people_id": _number_in("people_id"),
    "activity_id": _number_in("activity_id"),
    "activity_category": _take("activity_category"),
    "activity_type": _number_in("char_10"),
    **_parts_of("date", "activity_"),
    f"{PERSON}char_1": _take(f"{PERSON}char_1"),
    f"{PERSON}group_1": _number_in(f"{PERSON}group_1"),
    **{f"{PERSON}char_{number}": _take(f"{PERSON}char_{number}") for number in range(2, 39)},
    **_parts_of(f"{PERSON}date", PERSON),
}
