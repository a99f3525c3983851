"""The features of a raw row: exact values, absent columns, nulls, and the published mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import conform_table
from casebook.pipelines.rossmann.features import FEATURES, find_easter, list_holidays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.declared_fixtures import Ingest

    from casebook.preprocessing.row_schema import RowSchema

    Engineer = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def ingested(ingest: Ingest, raw_days: pd.DataFrame, raw_stores: pd.DataFrame) -> tuple[pd.DataFrame, RowSchema]:
    return ingest("rossmann", raw_days, raw_stores)


@pytest.fixture
def joined(ingested: tuple[pd.DataFrame, RowSchema]) -> pd.DataFrame:
    return ingested[0]


@pytest.fixture
def engineer_features(ingested: tuple[pd.DataFrame, RowSchema]) -> Engineer:
    return ingested[1].engineer_features


def test_features_have_their_values(engineer_features: Engineer, joined: pd.DataFrame) -> None:
    features = engineer_features(joined)
    assert features.columns.tolist() == [*FEATURES, "Sales"]
    expected = {
        "store": [1, 730, 1, 730, 1],
        "day_of_week": [5, 4, 4, 3, 2],
        # State holidays count as Sundays.
        "store_weekday": [15, 7304, 14, 7307, 17],
        "store_weekday_promo": [151, 73040, 140, 73070, 170],
        "store_quarter": [111, 73007, 107, 73004, 101],
        "year": [2015, 2014, 2014, 2013, 2013],
        "quarter": [3, 3, 3, 4, 1],
        "month": [7, 9, 9, 12, 1],
        "week": [31, 39, 39, 52, 1],
        "day": [31, 25, 25, 25, 1],
        "day_of_year": [212, 268, 268, 359, 1],
        "season": ["Summer", "Fall", "Fall", "Winter", "Winter"],
        "days_since_start": [941, 632, 632, 358, 0],
        "days_to_month_end": [0, 5, 5, 6, 30],
        "days_to_holiday": [14, 8, 8, 0, 0],
        "days_since_holiday": [14, 14, 14, 0, 0],
        "easter_distance": [30, 30, 30, 30, -30],
        "customers": [555, 625, 821, 0, 0],
        "customers_log": [np.log(556), np.log(626), np.log(822), 0, 0],
        "open": [True, True, True, False, False],
        "promo": [True, False, False, False, False],
        "state_holiday": ["0", "0", "0", "c", "a"],
        "state_holiday_flag": [False, False, False, True, True],
        # Store 730 on 2014-09-25 is the first row that the published code read as an integer.
        "state_holiday_published": [False, True, False, True, True],
        "school_holiday": [True, False, False, True, True],
        "store_type": ["c", "d", "c", "d", "c"],
        "assortment": ["a", "c", "a", "c", "a"],
        "competition_distance": [1270, 40, 1270, 40, 1270],
        "competition_months": [24, 1, 24, 0, 24],
        "promo2": [False, True, False, True, False],
        "promo2_weeks": [0, 25, 0, 25, 0],
        "promo_interval": [np.nan, "Mar,Jun,Sept,Dec", np.nan, "Mar,Jun,Sept,Dec", np.nan],
        "promo2_month": [False, True, False, True, False],
        "Sales": [5263, 6064, 8314, 0, 0],
    }
    got = features.drop(columns="date").astype({"season": "str", "promo_interval": "str"})
    pd.testing.assert_frame_equal(got, pd.DataFrame(expected), check_dtype=False, check_categorical=False)
    assert features["date"].equals(joined["Date"])
    assert features["Sales"].dtype == np.float64


def test_promo2_weeks_count_from_the_monday_of_the_iso_week(engineer_features: Engineer, joined: pd.DataFrame) -> None:
    dates = pd.to_datetime(["2012-12-30", "2012-12-31", "2013-01-06", "2013-01-07", "2013-02-04"]).astype(
        "datetime64[s]"
    )
    rows = joined.iloc[[1] * 5].assign(Date=dates)
    assert engineer_features(rows)["promo2_weeks"].tolist() == [0, 0, 0, 1, 5]
    later = rows.assign(Promo2SinceWeek=2.0)
    assert engineer_features(later)["promo2_weeks"].tolist() == [0, 0, 0, 0, 4]


def test_a_competitor_of_unknown_age_stays_unknown(engineer_features: Engineer, joined: pd.DataFrame) -> None:
    features = engineer_features(joined.assign(CompetitionOpenSinceMonth=np.nan))
    assert features["competition_months"].isna().all()


def test_neither_sales_nor_customers_are_needed(engineer_features: Engineer, joined: pd.DataFrame) -> None:
    features = engineer_features(joined.drop(columns=["Sales", "Customers"]))
    assert features.columns.tolist() == [name for name in FEATURES if not name.startswith("customers")]
    pd.testing.assert_frame_equal(features, engineer_features(joined)[features.columns.tolist()])


def test_a_row_has_the_same_features_alone_and_among_others(engineer_features: Engineer, joined: pd.DataFrame) -> None:
    together = engineer_features(joined)
    for place in range(len(joined)):
        alone = engineer_features(joined.iloc[[place]])
        pd.testing.assert_frame_equal(alone, together.iloc[[place]], check_dtype=False)


def test_nulls_of_a_request_are_no_errors(ingested: tuple[pd.DataFrame, RowSchema]) -> None:
    joined, schema = ingested
    request = joined.drop(columns="Sales").astype(object)
    request = request.assign(Date=request["Date"].astype(str), **dict.fromkeys(["Open", "Store", "StateHoliday"]))
    request.loc[0, ["Date", "DayOfWeek", "Promo2", "StoreType"]] = None
    features = schema.engineer_features(conform_table(request, schema.columns, "a row"))
    assert features.loc[0, ["year", "season", "open", "store", "state_holiday", "promo2_weeks"]].isna().tolist() == [
        True, True, True, True, True, False,
    ]  # fmt: skip
    assert features["month"].tolist()[1:] == [9, 9, 12, 1]
    assert features["state_holiday_flag"].tolist() == [False] * 5


def test_an_input_is_not_changed(engineer_features: Engineer, joined: pd.DataFrame) -> None:
    before = joined.copy()
    engineer_features(joined)
    pd.testing.assert_frame_equal(joined, before)


def test_easter_falls_on_the_days_that_the_calendar_gives() -> None:
    years = np.array([1954, 1981, 2000, 2008, 2013, 2014, 2015, 2024, 2038, 2049])
    given = ["1954-04-18", "1981-04-19", "2000-04-23", "2008-03-23", "2013-03-31", "2014-04-20", "2015-04-05",
             "2024-03-31", "2038-04-25", "2049-04-18"]  # fmt: skip
    assert find_easter(years).strftime("%Y-%m-%d").tolist() == given


def test_holidays_of_a_year_are_those_of_all_germany() -> None:
    assert list_holidays(np.array([2015])).strftime("%m-%d").tolist() == [
        "01-01", "04-03", "04-06", "05-01", "05-14", "05-25", "10-03", "12-25", "12-26",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("date", "store", "marked"),
    [
        ("2014-09-25", 729, False),
        ("2014-09-25", 730, True),
        ("2014-09-26", 1115, False),
        ("2014-08-01", 1, True),
        ("2014-07-17", 830, True),
        ("2014-07-17", 831, False),
        ("2014-03-19", 1023, False),
        ("2014-03-19", 1024, True),
        ("2014-01-19", 774, True),
        ("2014-01-19", 775, False),
        ("2014-01-18", 1, False),
    ],
)
def test_the_published_mistake_ends_where_the_pieces_of_the_file_ended(
    engineer_features: Engineer, joined: pd.DataFrame, date: str, store: int, marked: bool
) -> None:
    row = joined.head(1).assign(Date=pd.to_datetime([date]).astype("datetime64[s]"), Store=store)
    assert engineer_features(row)["state_holiday_published"].tolist() == [marked]
    assert engineer_features(row)["state_holiday_flag"].tolist() == [False]


@pytest.mark.real
@pytest.mark.filterwarnings("ignore::pandas.errors.DtypeWarning")
def test_on_the_real_file_the_mistake_is_that_of_pandas_reading_it_in_pieces(ingest: Ingest, real_raw: Path) -> None:
    folder = real_raw / "rossmann"
    as_published = pd.read_csv(folder / "train.csv")
    stores = pd.read_csv(folder / "store.csv", dtype="str")
    days = pd.read_csv(folder / "train.csv", dtype="str")
    joined, schema = ingest("rossmann", days, stores)
    features = schema.engineer_features(joined)
    # Under the published code an integer 0 differs from the text "0".
    expected = (as_published["StateHoliday"] != "0").to_numpy()
    assert int(expected.sum()) == 31_050 + 131_072
    np.testing.assert_array_equal(features["state_holiday_published"].to_numpy(), expected)
