"""Red Hat's feature engineering: row by row, the same for training and for one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.learning.features import date_parts, day_features, number_in, number_of
from casebook.pipelines.redhat.columns import FEATURE_SOURCES, PERSON, TARGET

if TYPE_CHECKING:
    from collections.abc import Callable


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Turn raw joined rows into the 55 features of the published preparation.

    Source: REFERENCES of the published experiment, steps 1, 3 and 4. Its names for the results: activity_type is
    char_10; Activity_Year ... Activity_Day are here activity_year ... activity_day; Year ... Day of the person are
    people_year ... people_day; the person's columns keep the prefix `people_`.

    Args:
        joined_rows: typed rows of an activity with its person (`columns.RAW_ROW`), with or without the outcome.

    Returns:
        The columns of `columns.FEATURE_SOURCES` in that order - char_1 ... char_9 of the activity dropped, ids, group
        and activity type as numbers, both dates in six parts - and `outcome` when it was there.
    """
    features: dict[str, pd.Series] = {
        "people_id": number_in(joined_rows["people_id"]),
        "activity_id": number_in(joined_rows["activity_id"]),
        "activity_type": number_in(joined_rows["char_10"]),
        f"{PERSON}group_1": number_in(joined_rows[f"{PERSON}group_1"]),
        **date_parts(joined_rows["date"], "activity"),
        **date_parts(joined_rows[f"{PERSON}date"], PERSON.rstrip("_")),
    }
    kept = [*FEATURE_SOURCES, *([TARGET] if TARGET in joined_rows else [])]
    columns = {name: features.get(name, joined_rows.get(name)) for name in kept}
    return pd.DataFrame(columns, index=joined_rows.index, copy=False)


# The same for the plain value of one row; a feature that is not here is the value as it is.
VALUE_FEATURES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("people_id", "activity_id", "activity_type", f"{PERSON}group_1"), number_of),
    **day_features("activity"),
    **day_features(PERSON.rstrip("_")),
}
