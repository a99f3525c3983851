"""Rossmann's own features and the row functions that make them, registered for its declaration. They fit nothing.

Source: REFERENCES of the published experiment. It uses day_of_week, year, quarter, month, season, customers, open,
promo, promo2, state_holiday_published, school_holiday, store_type, assortment and competition_distance; which features
a variant uses is set by its `preprocessing.columns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.parsing import distinct, spread
from casebook.preprocessing.registered_functions import RowFunction
from casebook.preprocessing.row_schema import Feature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START = pd.Timestamp("2013-01-01")
SUNDAY = 7
SEASONS = ["Winter", "Spring", "Summer", "Fall"]
# Days from Easter Sunday: Good Friday, Easter Monday, Ascension, Whit Monday.
MOVING_HOLIDAYS = (-2, 1, 39, 50)
# Month and day: New Year, Labour Day, Unity Day, both days of Christmas.
FIXED_HOLIDAYS = ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))
# A holiday or Easter farther away than this moves no sales; a competitor or Promo2 older than this is no news.
MAX_HOLIDAY_DAYS, MAX_EASTER_DAYS = 14, 30
MAX_COMPETITION_MONTHS, MAX_PROMO2_WEEKS = 24, 25
# Features of the day alone, the same for every store.
CALENDAR = (
    "year", "quarter", "month", "week", "day", "day_of_year", "season", "days_since_start", "days_to_month_end",
    "days_to_holiday", "days_since_holiday", "easter_distance",
)  # fmt: skip
COMPETITION_SINCE = ("CompetitionOpenSinceMonth", "CompetitionOpenSinceYear")
# A store's quarters are numbered from its hundredfold on.
NUMBERED_QUARTERS = 100
# As store.csv writes them in PromoInterval.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
# The published code read train.csv in pieces of 65,536 lines. Two of them hold no letter in StateHoliday, so pandas
# made integers of their "0", which compare unequal to "0" and became 1. The file runs from the last day to the first
# and by store within a day: the pieces go from this day and store on to that day and store.
READ_AS_INTEGERS = (("2014-09-25", 730, "2014-07-17", 830), ("2014-03-19", 1024, "2014-01-19", 774))


def log_customers(customers: pd.Series) -> pd.Series:
    """Compute ln(1 + customers), float32.

    Sales are customers times what each buys: with a logarithmic target only their logarithm is in proportion.
    """
    logarithm: pd.Series = np.log1p(customers).astype("float32")
    return logarithm


def pair_store_and_weekday(stores: pd.Series, weekdays: pd.Series, holidays: pd.Series) -> pd.Series:
    """Number each store's weekdays, 5247 for store 524 on a Sunday; a state holiday counts as a Sunday.

    Few stores open on Sundays and what they sell then has little to do with their other days, which a network of
    separate embeddings learns late: one such store alone is a third of the squared relative error.
    """
    return stores * 10 + weekdays.mask(mark_state_holidays(holidays), SUNDAY)


def pair_store_weekday_and_promo(
    stores: pd.Series, weekdays: pd.Series, holidays: pd.Series, promo: pd.Series
) -> pd.Series:
    """Number each store's weekdays with and without a promotion, 52471 for store 524 on a Sunday with one."""
    return pair_store_and_weekday(stores, weekdays, holidays) * 10 + promo


def number_store_quarters(stores: pd.Series, dates: pd.Series) -> pd.Series:
    """Number each store's quarters from 2013 on, 52410 for store 524 in spring 2015; int64, or float64 with nulls.

    A store's level changes over the years, by a new competitor or a road closed for works, and few columns explain it.
    """
    years, quarters = calendar_features(dates, [{"part": "year"}, {"part": "quarter"}])
    since = (years - START.year).astype("float64" if years.hasnans else "int64") * 4 + quarters
    return stores * NUMBERED_QUARTERS + since


def calendar_feature(dates: pd.Series, part: str) -> pd.Series:
    """Compute a calendar feature of each row; see `calendar_features`."""
    return calendar_features(dates, [{"part": part}])[0]


def calendar_features(dates: pd.Series, options: Sequence[Mapping[str, str]]) -> list[pd.Series]:
    """Compute calendar features of each row, each a `part` of `CALENDAR`, once per distinct day; see `describe_days`.

    Returns:
        `season` as category, the rest int16, or float32 with NaN for null dates.
    """
    codes, values = distinct(dates)
    dtype, null = (np.float32, np.nan) if (codes < 0).any() else (np.int16, -1)
    by_day = describe_days(pd.DatetimeIndex(values))
    made: list[Any] = []
    for name in (each["part"] for each in options):
        if name == "season":
            made.append(pd.Categorical.from_codes(spread(codes, by_day[name], -1).tolist(), pd.Index(SEASONS)))
        else:
            made.append(spread(codes, by_day[name].astype(dtype), null))
    return [pd.Series(values, dates.index) for values in made]


def describe_days(days: pd.DatetimeIndex) -> dict[str, np.ndarray]:
    """Compute the calendar features of each day.

    Returns:
        By the names of `CALENDAR`, each int16 of shape (days,). `week` is the ISO week; `season` the place in
        `SEASONS` (Mar-May Spring, Jun-Aug Summer, Sep-Nov Fall, else Winter); `days_to_holiday` and
        `days_since_holiday` count to the nearest holiday of all Germany, at most 14; `easter_distance` is counted from
        Easter Sunday, -30 to 30.
    """
    ahead, behind = measure_holiday_distances(days)
    easter = (days - find_easter(days.year.to_numpy())).days
    numbers = {
        "year": days.year,
        "quarter": days.quarter,
        "month": days.month,
        "week": days.isocalendar().week,
        "day": days.day,
        "day_of_year": days.day_of_year,
        "season": days.month % 12 // 3,
        "days_since_start": (days - START).days,
        "days_to_month_end": days.days_in_month - days.day,
        "days_to_holiday": ahead,
        "days_since_holiday": behind,
        "easter_distance": np.clip(easter, -MAX_EASTER_DAYS, MAX_EASTER_DAYS),
    }
    return {name: np.asarray(values, dtype=np.int16) for name, values in numbers.items()}


def find_easter(years: np.ndarray) -> pd.DatetimeIndex:
    """Compute Easter Sunday of each year, by Gauss's rule as it holds from 1900 to 2099."""
    moon = (19 * (years % 19) + 24) % 30
    weekday = (2 * (years % 4) + 4 * (years % 7) + 6 * moon + 5) % 7
    # The rule's two exceptions fall a week earlier.
    late = (weekday == 6) & ((moon == 29) | ((moon == 28) & (years % 19 > 10)))
    easter: pd.DatetimeIndex = make_days(years, 3, 22) + pd.to_timedelta(moon + weekday - 7 * late, unit="D")
    return easter


def make_days(years: np.ndarray, month: int, day: int) -> pd.DatetimeIndex:
    """Build the same day of several years."""
    return pd.DatetimeIndex([pd.Timestamp(int(year), month, day) for year in years], dtype="datetime64[s]")


def list_holidays(years: np.ndarray) -> pd.DatetimeIndex:
    """List the holidays of all Germany in the given years, in their order."""
    easter = find_easter(years)
    moving = [easter + pd.Timedelta(days=distance) for distance in MOVING_HOLIDAYS]
    fixed = [make_days(years, month, day) for month, day in FIXED_HOLIDAYS]
    return pd.DatetimeIndex(np.unique(np.concatenate([days.to_numpy("datetime64[s]") for days in (*moving, *fixed)])))


def measure_holiday_distances(days: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """Count the days to the next holiday and since the last one, 0 on a holiday, each at most 14."""
    if days.empty:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    years = np.arange(days.year.min() - 1, days.year.max() + 2)
    holidays = list_holidays(years).to_numpy("datetime64[D]").astype(np.int64)
    dates = days.to_numpy("datetime64[D]").astype(np.int64)
    ahead = holidays[np.searchsorted(holidays, dates)] - dates
    behind = dates - holidays[np.searchsorted(holidays, dates, side="right") - 1]
    return np.minimum(ahead, MAX_HOLIDAY_DAYS), np.minimum(behind, MAX_HOLIDAY_DAYS)


def mark_state_holidays(holidays: pd.Series) -> pd.Series:
    """Mark rows whose letter is not "0"."""
    codes, values = distinct(holidays)
    return pd.Series(spread(codes, values.to_numpy() != "0", False), holidays.index)


def mark_published_holidays(holidays: pd.Series, dates: pd.Series, stores: pd.Series) -> pd.Series:
    """Mark state holidays as the published code did: also the 131,072 zeros that it read as integers."""
    marked = mark_state_holidays(holidays)
    for first, first_store, last, last_store in READ_AS_INTEGERS:
        begins = (dates < pd.Timestamp(first)) | ((dates == pd.Timestamp(first)) & (stores >= first_store))
        ends = (dates > pd.Timestamp(last)) | ((dates == pd.Timestamp(last)) & (stores <= last_store))
        marked = marked | (begins & ends)
    return marked


def count_competition_months(months: pd.Series, years: pd.Series, dates: pd.Series) -> pd.Series:
    """Count the months since the nearest competitor opened: 0 before that, at most 24; NaN when it is not known."""
    since = dates.dt.year * 12 + dates.dt.month - (years * 12 + months)
    counted: pd.Series = since.clip(0, MAX_COMPETITION_MONTHS).astype("float32")
    return counted


def count_promo2_weeks(weeks: pd.Series, years: pd.Series, dates: pd.Series) -> pd.Series:
    """Count the whole weeks since the store joined Promo2: 0 before that or without Promo2, at most 25."""
    codes, distinct_years = distinct(years)
    fourth = make_days(distinct_years.to_numpy(), 1, 4)
    # ISO: the first week of a year is the one of January 4th, and weeks begin on Mondays.
    first_mondays = (fourth - pd.to_timedelta(fourth.day_of_week, unit="D")).to_numpy("datetime64[s]")
    first_monday = pd.Series(spread(codes, first_mondays, np.datetime64("NaT")), dates.index)
    passed = (dates - first_monday).dt.days // 7 - (weeks - 1)
    counted: pd.Series = passed.clip(0, MAX_PROMO2_WEEKS).fillna(0).astype("int16")
    return counted


def mark_promo2_months(intervals: pd.Series, dates: pd.Series) -> pd.Series:
    """Mark rows whose month begins a new round of the store's Promo2 (PromoInterval names those months)."""
    codes, values = distinct(intervals)
    begins = np.array([[month in str(value).split(",") for month in MONTHS] for value in values], bool)
    begins = np.vstack([begins.reshape(-1, len(MONTHS)), np.zeros((1, len(MONTHS)), bool)])
    month = dates.dt.month.fillna(1).to_numpy(np.int64)
    return pd.Series(begins[codes, month - 1], dates.index)


# Registered beside those of `preprocessing.registered_functions`: `data.features` may name them too.
FUNCTIONS: Mapping[str, RowFunction] = {
    "calendar": RowFunction(calendar_feature, of_columns_at_once=calendar_features, options=("part",)),
    "log_customers": RowFunction(log_customers),
    "store_weekday": RowFunction(pair_store_and_weekday, inputs=3),
    "store_weekday_promo": RowFunction(pair_store_weekday_and_promo, inputs=4),
    "store_quarter": RowFunction(number_store_quarters, inputs=2),
    "state_holiday": RowFunction(mark_state_holidays),
    "published_holiday": RowFunction(mark_published_holidays, inputs=3),
    "competition_months": RowFunction(count_competition_months, inputs=3),
    "promo2_weeks": RowFunction(count_promo2_weeks, inputs=3),
    "promo2_month": RowFunction(mark_promo2_months, inputs=2),
}
FEATURES: Mapping[str, Feature] = {
    "store": Feature("as_is", ("Store",)),
    "day_of_week": Feature("as_is", ("DayOfWeek",)),
    "store_weekday": Feature("store_weekday", ("Store", "DayOfWeek", "StateHoliday")),
    "store_weekday_promo": Feature("store_weekday_promo", ("Store", "DayOfWeek", "StateHoliday", "Promo")),
    "store_quarter": Feature("store_quarter", ("Store", "Date")),
    **{part: Feature("calendar", ("Date",), {"part": part}) for part in CALENDAR},
    "customers": Feature("as_is", ("Customers",)),
    "customers_log": Feature("log_customers", ("Customers",)),
    "open": Feature("as_is", ("Open",)),
    "promo": Feature("as_is", ("Promo",)),
    "state_holiday": Feature("as_is", ("StateHoliday",)),
    "state_holiday_flag": Feature("state_holiday", ("StateHoliday",)),
    "state_holiday_published": Feature("published_holiday", ("StateHoliday", "Date", "Store")),
    "school_holiday": Feature("as_is", ("SchoolHoliday",)),
    "store_type": Feature("as_is", ("StoreType",)),
    "assortment": Feature("as_is", ("Assortment",)),
    "competition_distance": Feature("as_is", ("CompetitionDistance",)),
    "competition_months": Feature("competition_months", (*COMPETITION_SINCE, "Date")),
    "promo2": Feature("as_is", ("Promo2",)),
    "promo2_weeks": Feature("promo2_weeks", ("Promo2SinceWeek", "Promo2SinceYear", "Date")),
    "promo_interval": Feature("as_is", ("PromoInterval",)),
    "promo2_month": Feature("promo2_month", ("PromoInterval", "Date")),
    "date": Feature("as_is", ("Date",)),  # for the split by time
}
