"""Synthetic sample in place of the Rossmann files: same columns, forms and null shares, a known truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from casebook.synthetic_data.rossmann import calendar
from casebook.synthetic_data.rossmann.stores import Stores, draw_stores

FILES = ("train.csv", "store.csv", "test.csv")
MIN_STORES, MIN_DAYS, MAX_DAYS = 10, 120, 942
# Deviations of log-sales: what moves all stores on a day, what moves one store on a day, customers beside sales.
DAY_NOISE, NOISE, CUSTOMER_NOISE = 0.03, 0.10, 0.04
REFURBISHING = (pd.Timestamp("2014-07-01"), pd.Timestamp("2014-12-31"))
SCHOOL_HOLIDAY, COMPETITION = 0.03, -0.05


@dataclass(frozen=True)
class Sample:
    """A generated sample.

    Attributes:
        tables: The three tables by file name, columns in the order of the original files, days from the last to the
            first and by store within a day.
        expected: The median of each row's sales in train.csv, its day's noise aside; 0 where the store is closed.
    """

    tables: dict[str, pd.DataFrame]
    expected: np.ndarray


def generate_sample(stores: int, days: int, seed: int) -> Sample:
    """Generate a sample; the same arguments give the same sample.

    Args:
        stores: Number of stores.
        days: Number of days in train.csv, up to 2015-07-31.
        seed: Seed of everything drawn.

    Raises:
        ValueError: If there are fewer than 10 stores or days outside 120 to 942.
    """
    if stores < MIN_STORES:
        raise ValueError(f"stores is {stores}: a sample needs at least {MIN_STORES}")
    if not MIN_DAYS <= days <= MAX_DAYS:
        raise ValueError(f"days is {days}: a sample has {MIN_DAYS} to {MAX_DAYS}")
    rng = np.random.default_rng(seed)
    drawn = draw_stores(stores, calendar.STATES, rng)
    rows = _draw_rows(drawn, calendar.list_days(days), rng)
    in_test = rows["Date"] > calendar.LAST_DAY
    missing = rows.pop("missing").to_numpy()
    train = rows[~in_test & ~missing]
    test = rows[in_test].drop(columns=["Sales", "Customers", "expected"]).reset_index(drop=True)
    test.insert(0, "Id", np.arange(1, len(test) + 1))
    expected = train["expected"].to_numpy()
    tables = (train.drop(columns="expected").reset_index(drop=True), drawn.table, test)
    return Sample(dict(zip(FILES, tables, strict=True)), expected)


def _draw_rows(stores: Stores, days: pd.DatetimeIndex, rng: np.random.Generator) -> pd.DataFrame:
    """Draw every store on every day, with what train.csv does not hold: `expected` sales and `missing` rows."""
    day, store = (
        grid.ravel() for grid in np.meshgrid(np.arange(len(days))[::-1], range(len(stores.table)), indexing="ij")
    )
    table = stores.table.iloc[store].reset_index(drop=True)
    letter = calendar.mark_holidays(days)[day]
    promotion = calendar.mark_promotions(days)[day]
    school = calendar.mark_school_holidays(days)[day, stores.state[store]]
    date, weekday = days[day], days.day_of_week.to_numpy()[day]
    always = (table["StoreType"] == "b").to_numpy()
    is_open = always | ((weekday < 6) & (letter == "0"))
    log_sales = (
        stores.level[store]
        + calendar.effect_of_days(days)[day]
        + stores.promotion[store] * promotion
        + SCHOOL_HOLIDAY * school
        + COMPETITION * _has_competition(table, date)
    )
    noise = (DAY_NOISE * rng.standard_normal(len(days)))[day] + NOISE * rng.standard_normal(len(day))
    sales = np.rint(np.exp(log_sales + noise)) * is_open
    customers = np.rint(sales / stores.basket[store] * np.exp(CUSTOMER_NOISE * rng.standard_normal(len(day))))
    return pd.DataFrame(
        {
            "Store": table["Store"],
            "DayOfWeek": weekday + 1,
            "Date": date,
            "Sales": sales.astype(np.int64),
            "Customers": customers.astype(np.int64),
            "Open": is_open.astype(np.int64),
            "Promo": promotion.astype(np.int64),
            "StateHoliday": letter,
            "SchoolHoliday": school.astype(np.int64).astype(str),
            "expected": np.exp(log_sales) * is_open,
            "missing": stores.refurbished[store] & (date >= REFURBISHING[0]) & (date <= REFURBISHING[1]),
        }
    )


def _has_competition(table: pd.DataFrame, date: pd.DatetimeIndex) -> np.ndarray:
    """Return which rows have a competitor that has opened on a known day."""
    opened = (table["CompetitionOpenSinceYear"] * 12 + table["CompetitionOpenSinceMonth"]).astype("Float64")
    since = opened.to_numpy(np.float64, na_value=np.inf)
    known: np.ndarray = (date.year * 12 + date.month).to_numpy() >= since
    return known


def best_reachable(sample: Sample) -> dict[str, dict[str, float]]:
    """Compute the best RMSPE, MAPE and MAE by split strategy, expected from the noise, Customers not being known.

    Days held out whole keep their day's noise to themselves; other stores' rows of the same day betray it. The sales
    of an open store are log-normal, so that the best forecasts of each metric are known: exp(-1.5 s^2) times the
    median for RMSPE, the median for MAE.

    Returns:
        `time` and `row`, each with `rmspe` and `mae`; `rmspe` on rows with sales, `mae` on all rows of train.csv.
    """
    deviations = {"time": math.hypot(DAY_NOISE, NOISE), "row": NOISE}
    return {name: _expected_errors(deviation, sample.expected) for name, deviation in deviations.items()}


def _expected_errors(deviation: float, medians: np.ndarray) -> dict[str, float]:
    spread = math.exp(deviation**2 / 2) * math.erf(deviation / math.sqrt(2))
    return {"rmspe": math.sqrt(1 - math.exp(-(deviation**2))), "mae": float(medians.mean()) * spread}
