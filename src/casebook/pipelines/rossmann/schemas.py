"""Pandera schemas of the typed Rossmann tables. Importing this module imports Pandera."""

from __future__ import annotations

import pandera.pandas as pa

from casebook.data.table_schemas import describe_table, one_of
from casebook.pipelines.rossmann.columns import DAYS, STORES

INTERVALS = ("Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec")


# Which numbers there may be is part of the columns' types.
DAYS_SCHEMA = describe_table(DAYS, {"StateHoliday": one_of("0abc")})
STORE_CHECKS = {
    "StoreType": one_of("abcd"),
    "Assortment": one_of("abc"),
    "PromoInterval": pa.Check.isin(INTERVALS, error=f"must be {' or '.join(INTERVALS)}"),
}
# Store.csv leaves empty what is not known of a competitor, and Promo2's columns where a store does not take part.
SELDOM_KNOWN = (
    "CompetitionDistance",
    "CompetitionOpenSinceMonth",
    "CompetitionOpenSinceYear",
    "Promo2SinceWeek",
    "Promo2SinceYear",
    "PromoInterval",
)
STORES_SCHEMA = describe_table(STORES, STORE_CHECKS, nullable=SELDOM_KNOWN, unique={"Store"})
