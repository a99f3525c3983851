"""Pandera schemas of the typed Rossmann tables. Importing this module imports Pandera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandera.pandas as pa

from casebook.pipelines.rossmann.columns import DAYS, STORES, TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

INTERVALS = ("Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec")


def _one_of(values: Sequence[object], nullable: bool = False) -> pa.Column:
    """Describe a column of few values."""
    allowed = " or ".join(map(str, values))
    return pa.Column(checks=pa.Check.isin(list(values), error=f"must be {allowed}"), nullable=nullable)


def _integers(low: int, high: int, nullable: bool = False) -> pa.Column:
    """Describe a column of whole numbers from `low` to `high`."""

    def check(column: pd.Series) -> pd.Series:
        return column.between(low, high) & (column % 1 == 0)

    return pa.Column(checks=pa.Check(check, error=f"must be a whole number from {low} to {high}"), nullable=nullable)


def _not_negative(nullable: bool = False) -> pa.Column:
    return pa.Column(checks=pa.Check.ge(0, error="must not be negative"), nullable=nullable)


# Store.csv leaves empty what is not known of a competitor, and Promo2's columns where a store does not take part.
DAYS_SCHEMA = pa.DataFrameSchema(
    {
        **{name: pa.Column(nullable=False) for name in DAYS},
        "Store": _integers(1, 99_999),
        "DayOfWeek": _integers(1, 7),
        TARGET: _not_negative(),
        "Customers": _not_negative(),
        "StateHoliday": _one_of(["0", "a", "b", "c"]),
    },
    strict=True,
)
STORES_SCHEMA = pa.DataFrameSchema(
    {
        **{name: pa.Column(nullable=False) for name in STORES},
        "Store": pa.Column(checks=_integers(1, 99_999).checks, nullable=False, unique=True),
        "StoreType": _one_of(["a", "b", "c", "d"]),
        "Assortment": _one_of(["a", "b", "c"]),
        "CompetitionDistance": _not_negative(nullable=True),
        "CompetitionOpenSinceMonth": _integers(1, 12, nullable=True),
        "CompetitionOpenSinceYear": _integers(1800, 2100, nullable=True),
        "Promo2SinceWeek": _integers(1, 53, nullable=True),
        "Promo2SinceYear": _integers(1800, 2100, nullable=True),
        "PromoInterval": _one_of(INTERVALS, nullable=True),
    },
    strict=True,
)
