"""Pandera schemas of the typed Rossmann tables. Importing this module imports Pandera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandera.pandas as pa

from casebook.data.table_schemas import NOT_NEGATIVE, describe_table, one_of
from casebook.pipelines.rossmann.columns import DAYS, STORES, TARGET

if TYPE_CHECKING:
    import pandas as pd

INTERVALS = ("Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec")


def _whole(low: int, high: int) -> pa.Check:
    def check(column: pd.Series) -> pd.Series:
        return column.between(low, high) & (column % 1 == 0)

    return pa.Check(check, error=f"must be a whole number from {low} to {high}")


DAYS_SCHEMA = describe_table(
    DAYS,
    {
        "Store": _whole(1, 99_999),
        "DayOfWeek": _whole(1, 7),
        **dict.fromkeys((TARGET, "Customers"), NOT_NEGATIVE),
        "StateHoliday": one_of("0abc"),
    },
)
STORE_CHECKS = {
    "Store": _whole(1, 99_999),
    "StoreType": one_of("abcd"),
    "Assortment": one_of("abc"),
}
# Store.csv leaves empty what is not known of a competitor, and Promo2's columns where a store does not take part.
SELDOM_KNOWN = {
    "CompetitionDistance": NOT_NEGATIVE,
    "CompetitionOpenSinceMonth": _whole(1, 12),
    "CompetitionOpenSinceYear": _whole(1800, 2100),
    "Promo2SinceWeek": _whole(1, 53),
    "Promo2SinceYear": _whole(1800, 2100),
    "PromoInterval": pa.Check.isin(INTERVALS, error=f"must be {' or '.join(INTERVALS)}"),
}
STORES_SCHEMA = describe_table(STORES, {**STORE_CHECKS, **SELDOM_KNOWN}, nullable=SELDOM_KNOWN, unique={"Store"})
