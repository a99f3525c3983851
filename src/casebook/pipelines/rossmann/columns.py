"""The columns of the Rossmann tables and the raw columns that each feature is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.column_types.parsing import Kind

TARGET = "Sales"
# The same in training, in files to predict and in requests.
STORE, YEAR = "integer in [1, 99999]", "integer in [1800, 2100]"
NOT_NEGATIVE = "number in [0, inf)"

DAYS: dict[str, Kind] = {
    "Store": STORE,
    "DayOfWeek": "integer in [1, 7]",
    "Date": "date",
    TARGET: NOT_NEGATIVE,
    "Customers": NOT_NEGATIVE,
    "Open": "flag",
    "Promo": "flag",
    "StateHoliday": "text",
    "SchoolHoliday": "flag",
}
STORES: dict[str, Kind] = {
    "Store": STORE,
    "StoreType": "text",
    "Assortment": "text",
    "CompetitionDistance": NOT_NEGATIVE,
    "CompetitionOpenSinceMonth": "integer in [1, 12]",
    "CompetitionOpenSinceYear": YEAR,
    "Promo2": "flag",
    "Promo2SinceWeek": "integer in [1, 53]",
    "Promo2SinceYear": YEAR,
    "PromoInterval": "text",
}
# A raw row of the model: a day's columns with its store's (no name but the key is in both), without the sales.
RAW_ROW: dict[str, Kind] = {**{name: kind for name, kind in DAYS.items() if name != TARGET}, **STORES}

# Features of the day alone, the same for every store.
CALENDAR = (
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "day_of_year",
    "season",
    "days_since_start",
    "days_to_month_end",
    "days_to_holiday",
    "days_since_holiday",
    "easter_distance",
)
FEATURE_SOURCES: dict[str, tuple[str, ...]] = {
    "store": ("Store",),
    "day_of_week": ("DayOfWeek",),
    "store_weekday": ("Store", "DayOfWeek", "StateHoliday"),
    "store_weekday_promo": ("Store", "DayOfWeek", "StateHoliday", "Promo"),
    "store_quarter": ("Store", "Date"),
    **dict.fromkeys(CALENDAR, ("Date",)),
    "customers": ("Customers",),
    "customers_log": ("Customers",),
    "open": ("Open",),
    "promo": ("Promo",),
    "state_holiday": ("StateHoliday",),
    "state_holiday_flag": ("StateHoliday",),
    "state_holiday_published": ("StateHoliday", "Date", "Store"),
    "school_holiday": ("SchoolHoliday",),
    "store_type": ("StoreType",),
    "assortment": ("Assortment",),
    "competition_distance": ("CompetitionDistance",),
    "competition_months": ("CompetitionOpenSinceMonth", "CompetitionOpenSinceYear", "Date"),
    "promo2": ("Promo2",),
    "promo2_weeks": ("Promo2SinceWeek", "Promo2SinceYear", "Date"),
    "promo_interval": ("PromoInterval",),
    "promo2_month": ("PromoInterval", "Date"),
}
