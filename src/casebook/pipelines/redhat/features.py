"""Red Hat's feature engineering: row by row, the same for training and for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.pipelines.redhat.columns import FEATURE_SOURCES, PERSON, TARGET
from casebook.preprocessing.feature_functions import date_parts, day_features, list_computable, number_in, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Features that are the number at the end of a text, and the prefixes of the parts of both dates.
NUMBERS = ("people_id", "activity_id", "activity_type", f"{PERSON}group_1")
DATES = {"date": "activity", f"{PERSON}date": PERSON.rstrip("_")}


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Engineer the 55 features of the published preprocessing from raw joined rows.

    Source: REFERENCES of the published experiment, steps 1, 3 and 4. Its names for the results: activity_type is
    char_10; Activity_Year ... Activity_Day are here activity_year ... activity_day; Year ... Day of the person are
    people_year ... people_day; the person's columns keep the prefix `people_`.

    Args:
        joined_rows: typed rows of an activity with its person (`columns.RAW_ROW`), with or without the outcome and
            unused columns.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order - char_1 ... char_9 of the activity dropped, ids, group
        and activity type as numbers, both dates in six parts - and `outcome`, as far as what they are made of was
        there.
    """
    kept = list_computable({**FEATURE_SOURCES, TARGET: (TARGET,)}, joined_rows.columns)
    numbers = {name: number_in(joined_rows[FEATURE_SOURCES[name][0]]) for name in NUMBERS if name in kept}
    dates = {raw: date_parts(joined_rows[raw], prefix) for raw, prefix in DATES.items() if raw in joined_rows}
    features = {
        **numbers,
        **{name: part for parts in dates.values() for name, part in parts.items()},
    }
    columns = {name: features.get(name, joined_rows.get(name)) for name in kept}
    return pd.DataFrame(columns, index=joined_rows.index, copy=False)


# The same for the plain value of one row; a feature that is not here is the value as it is.
VALUE_FEATURES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(NUMBERS, number_of),
    **{name: part for prefix in DATES.values() for name, part in day_features(prefix).items()},
}
