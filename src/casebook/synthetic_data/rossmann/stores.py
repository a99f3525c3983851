"""The stores of a sample: their columns in store.csv and what each of them sells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Shares of the original's 1,115 stores.
TYPES, TYPE_SHARES = ("a", "b", "c", "d"), (0.540, 0.015, 0.133, 0.312)
ASSORTMENTS, ASSORTMENT_SHARES = ("a", "b", "c"), (0.532, 0.008, 0.460)
INTERVALS, INTERVAL_SHARES = ("Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec"), (0.587, 0.228, 0.185)
NO_DISTANCE, NO_OPENING, NO_PROMO2 = 0.0026, 0.3179, 0.4879
REFURBISHED = 0.16  # their second half of 2014 is missing
LEVEL, SPREAD = 8.75, 0.30


@dataclass(frozen=True)
class Stores:
    """Drawn stores.

    Attributes:
        table: store.csv with nulls where nothing is known.
        level: log-sales of each on a plain day.
        promotion: what a promotion adds to them.
        basket: sales per customer.
        state: place of the state whose school holidays it has.
        refurbished: whether its second half of 2014 is missing.
    """

    table: pd.DataFrame
    level: np.ndarray
    promotion: np.ndarray
    basket: np.ndarray
    state: np.ndarray
    refurbished: np.ndarray


def draw_stores(count: int, states: int, rng: np.random.Generator) -> Stores:
    """Draw `count` stores, numbered from 1."""
    kind = rng.choice(TYPES, count, p=TYPE_SHARES)
    # The original has stores that open on Sundays (type b), however few.
    kind[rng.integers(count)] = "b"
    assortment = rng.choice(ASSORTMENTS, count, p=ASSORTMENT_SHARES)
    table = pd.DataFrame(
        {
            "Store": np.arange(1, count + 1),
            "StoreType": kind,
            "Assortment": assortment,
            **_draw_competition(count, rng),
            **_draw_promo2(count, rng),
        }
    )
    level = LEVEL + SPREAD * rng.standard_normal(count) + 0.3 * (kind == "b") + 0.08 * (assortment == "c")
    return Stores(
        table,
        level,
        promotion=rng.normal(0.33, 0.08, count),
        basket=rng.uniform(7, 12, count),
        state=rng.integers(states, size=count),
        refurbished=_sample_mask(count, REFURBISHED, rng),
    )


def _sample_mask(count: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Sample a share of the stores, at least one."""
    chosen = np.zeros(count, dtype=bool)
    chosen[rng.permutation(count)[: max(1, round(share * count))]] = True
    return chosen


def _nullable_integers(values: np.ndarray, missing: np.ndarray) -> pd.Series:
    """Convert whole numbers with nulls to a nullable integer column."""
    return pd.Series(values, dtype="Int64").mask(missing)


def _draw_competition(count: int, rng: np.random.Generator) -> dict[str, pd.Series]:
    distance = np.maximum(20, np.round(rng.lognormal(7.7, 1.4, count), -1)).astype(np.int64)
    unknown = _sample_mask(count, NO_OPENING, rng)
    return {
        "CompetitionDistance": _nullable_integers(np.minimum(distance, 75_860), _sample_mask(count, NO_DISTANCE, rng)),
        "CompetitionOpenSinceMonth": _nullable_integers(rng.integers(1, 13, count), unknown),
        "CompetitionOpenSinceYear": _nullable_integers(rng.integers(2000, 2016, count), unknown),
    }


def _draw_promo2(count: int, rng: np.random.Generator) -> dict[str, pd.Series]:
    without = _sample_mask(count, NO_PROMO2, rng)
    intervals = pd.Series(rng.choice(INTERVALS, count, p=INTERVAL_SHARES), dtype="str")
    return {
        "Promo2": pd.Series((~without).astype(np.int64)),
        "Promo2SinceWeek": _nullable_integers(rng.integers(1, 51, count), without),
        "Promo2SinceYear": _nullable_integers(rng.integers(2009, 2016, count), without),
        "PromoInterval": intervals.mask(without),
    }
