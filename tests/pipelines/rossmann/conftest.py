"""Two stores with five days, and one store without any, as the raw files hold them."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.fixture
def raw_days() -> pd.DataFrame:
    table = {
        "Store": ["1", "730", "1", "730", "1"],
        "DayOfWeek": ["5", "4", "4", "3", "2"],
        "Date": ["2015-07-31", "2014-09-25", "2014-09-25", "2013-12-25", "2013-01-01"],
        "Sales": ["5263", "6064", "8314", "0", "0"],
        "Customers": ["555", "625", "821", "0", "0"],
        "Open": ["1", "1", "1", "0", "0"],
        "Promo": ["1", "0", "0", "0", "0"],
        "StateHoliday": ["0", "0", "0", "c", "a"],
        "SchoolHoliday": ["1", "0", "0", "1", "1"],
    }
    return pd.DataFrame({name: pd.Categorical(values) for name, values in table.items()})


@pytest.fixture
def raw_stores() -> pd.DataFrame:
    table = {
        "Store": ["1", "2", "730"],
        "StoreType": ["c", "a", "d"],
        "Assortment": ["a", "a", "c"],
        "CompetitionDistance": ["1270", None, "40"],
        "CompetitionOpenSinceMonth": ["9", None, "8"],
        "CompetitionOpenSinceYear": ["2008", None, "2014"],
        "Promo2": ["0", "0", "1"],
        "Promo2SinceWeek": [None, None, "1"],
        "Promo2SinceYear": [None, None, "2013"],
        "PromoInterval": [None, None, "Mar,Jun,Sept,Dec"],
    }
    return pd.DataFrame({name: pd.Categorical(values) for name, values in table.items()})
