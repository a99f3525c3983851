"""The days of a sample: weekdays, promotions, holidays and the effect that all stores share."""

from __future__ import annotations

import numpy as np
import pandas as pd

LAST_DAY = pd.Timestamp("2015-07-31")
TEST_DAYS = 48
# The holidays of all Germany by the letter of StateHoliday: public, Easter, Christmas. One in another year is not met.
HOLIDAYS = {
    "a": (
        *(f"{year}-{day}" for year in (2013, 2014, 2015) for day in ("01-01", "05-01", "10-03")),
        *("2013-05-09", "2014-05-29", "2015-05-14"),
        *("2013-05-20", "2014-06-09", "2015-05-25"),
    ),
    "b": ("2013-03-29", "2013-04-01", "2014-04-18", "2014-04-21", "2015-04-03", "2015-04-06"),
    "c": tuple(f"{year}-12-{day}" for year in (2013, 2014) for day in (25, 26)),
}
# Log-sales by weekday, Monday first; the few stores that open on Sundays sell well then.
WEEKDAYS = np.array([0.12, 0.0, -0.04, -0.03, 0.03, -0.10, 0.10])
STATES = 4


def list_days(count: int) -> pd.DatetimeIndex:
    """List the last `count` days of train.csv and the days of test.csv behind them."""
    return pd.date_range(end=LAST_DAY + pd.Timedelta(days=TEST_DAYS), periods=count + TEST_DAYS, unit="s")


def mark_holidays(days: pd.DatetimeIndex) -> np.ndarray:
    """Return the letter of each day's holiday, "0" on other days."""
    letters = np.full(len(days), "0")
    for letter, dates in HOLIDAYS.items():
        letters[days.isin(pd.to_datetime(list(dates)))] = letter
    return letters


def mark_promotions(days: pd.DatetimeIndex) -> np.ndarray:
    """Mark promotions: Monday to Friday of every second week, the same for all stores."""
    weeks = (days - pd.Timestamp("2013-01-07")).days // 7
    marked: np.ndarray = np.asarray((weeks % 2 == 0) & (days.day_of_week < 5))
    return marked


def mark_school_holidays(days: pd.DatetimeIndex) -> np.ndarray:
    """Mark school holidays in each of four states, bool of shape (days, states): summer, autumn, Christmas, Easter."""
    day = days.day_of_year.to_numpy()[:, None]
    offset = 10 * np.arange(STATES)
    summer, autumn = (day - 175 - offset) // 42 == 0, (day - 270 - offset) // 14 == 0
    spring = (day - 85 - offset // 3) // 14 == 0
    marked: np.ndarray = (summer | autumn | spring | (day >= 356) | (day <= 4)) & (days.day_of_week < 5)[:, None]
    return marked


def effect_of_days(days: pd.DatetimeIndex) -> np.ndarray:
    """Compute the log-sales that each day adds in every store: weekday, season, pay-day, the day before a holiday."""
    year = 2 * np.pi * days.day_of_year.to_numpy() / 365.25
    december = np.clip(days.day_of_year.to_numpy() - 330, 0, 28) / 28
    pay_day = (days.days_in_month - days.day <= 1) | (days.day == 1)
    before = np.append(mark_holidays(days)[1:] != "0", False)
    effect: np.ndarray = (
        WEEKDAYS[days.day_of_week] + 0.04 * np.sin(year) + 0.3 * december + 0.12 * pay_day + 0.18 * before
    )
    return effect
