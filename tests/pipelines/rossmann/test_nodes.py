"""Reading and joining the two tables, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.pipelines.rossmann.columns import DAYS, RAW_ROW, STORES
from casebook.pipelines.rossmann.nodes import ingest_days, ingest_stores, merge_stores

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[pd.DataFrame], pd.DataFrame]


def test_days_are_typed(raw_days: pd.DataFrame) -> None:
    expected = raw_days.assign(
        Store=[1, 730, 1, 730, 1],
        DayOfWeek=[5, 4, 4, 3, 2],
        Date=pd.array(raw_days["Date"].tolist(), dtype="datetime64[s]"),
        Sales=[5263, 6064, 8314, 0, 0],
        Customers=[555, 625, 821, 0, 0],
        Open=[True, True, True, False, False],
        Promo=[True, False, False, False, False],
        SchoolHoliday=[True, False, False, True, True],
    )
    pd.testing.assert_frame_equal(ingest_days(raw_days), expected)


def test_stores_are_typed(raw_stores: pd.DataFrame) -> None:
    expected = raw_stores.assign(
        Store=[1, 2, 730],
        CompetitionDistance=[1270.0, None, 40.0],
        CompetitionOpenSinceMonth=[9.0, None, 8.0],
        CompetitionOpenSinceYear=[2008.0, None, 2014.0],
        Promo2=[False, False, True],
        Promo2SinceWeek=[None, None, 1.0],
        Promo2SinceYear=[None, None, 2013.0],
    )
    pd.testing.assert_frame_equal(ingest_stores(raw_stores), expected)


def test_columns_may_come_in_any_order_and_are_put_in_theirs(raw_days: pd.DataFrame, raw_stores: pd.DataFrame) -> None:
    days, stores = ingest_days(raw_days[sorted(raw_days)]), ingest_stores(raw_stores[sorted(raw_stores)])
    assert (days.columns.tolist(), stores.columns.tolist()) == (list(DAYS), list(STORES))
    assert (len(DAYS), len(STORES)) == (9, 10)


def change(column: str, *values: object) -> Change:
    return lambda table: table.assign(**{column: list(values)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="Promo"), " lacks the column Promo; it has Store, DayOfWeek, Date, Sales"),
        (lambda table: table.assign(Weather="rain"), " has columns that nothing is known of: Weather; remove them"),
        (lambda table: table.head(0), " has a header but no rows; put the complete file there"),
        (
            change("Date", "2015-07-31", "31.07.2015", "2015-07-30", "2015-07-29", "2015-07-28"),
            ", column Date: '31.07.2015' is not a date like 2023-08-26 (1 of 5 rows, first in data row 2)",
        ),
        (
            change("Date", None, "2015-07-31", "2015-07-30", "2015-07-29", "2015-07-28"),
            ", column Date: must not be empty (1 rows, first 'NaT' in data row 1)",
        ),
        (
            change("Sales", "5263", "6064", "-8314", "0", "0"),
            ", column Sales: '-8314' is not a number of at least 0 (1 of 5 rows, first in data row 3)",
        ),
        (
            change("Sales", "5263", "6064", None, "0", "0"),
            ", column Sales: must not be empty (1 rows, first 'nan' in data row 3)",
        ),
        (
            change("Sales", "5263", "6064", "much", "0", "0"),
            ", column Sales: 'much' is not a number (1 of 5 rows, first in data row 3)",
        ),
        (
            change("StateHoliday", "0", "d", "0", "c", "a"),
            ", column StateHoliday: must be one of 0, a, b, c (1 rows, first 'd' in data row 2)",
        ),
        (
            change("DayOfWeek", "5", "4", "8", "3", "2"),
            ", column DayOfWeek: '8' is not a whole number from 1 to 7 (1 of 5 rows, first in data row 3)",
        ),
        (
            change("Store", "1", "2.5", "1", "730", "1"),
            ", column Store: '2.5' is not a whole number (1 of 5 rows, first in data row 2)",
        ),
        (
            change("Open", "1", "closed", "1", "0", "0"),
            ", column Open: 'closed' is not true or false (1 of 5 rows, first in data row 2)",
        ),
        (
            change("Open", "1", None, "1", "0", "0"),
            ", column Open: must not be empty (1 rows, first 'None' in data row 2)",
        ),
        (
            change("Date", "2014-09-25", "2014-09-25", "2014-09-25", "2013-12-25", "2013-01-01"),
            ", columns Store and Date: store 1 has more than one row for 2014-09-25 (1 rows too many); keep one",
        ),
    ],
)
def test_days_that_cannot_be_learnt_from_are_refused(raw_days: pd.DataFrame, spoil: Change, message: str) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest_days(spoil(raw_days))
    assert f"train.csv{message}" in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda table: table.drop(columns=["Promo2", "Assortment"]),
            " lacks the columns Assortment, Promo2; it has Store, StoreType",
        ),
        (lambda table: table.assign(Sales=1), " has columns that nothing is known of: Sales; remove them"),
        (
            change("Store", "1", "2", "1"),
            ", column Store: must not hold a value twice (2 rows, first '1' in data row 1)",
        ),
        (
            change("StoreType", "c", "e", "d"),
            ", column StoreType: must be one of a, b, c, d (1 rows, first 'e' in data row 2)",
        ),
        (
            change("CompetitionDistance", "1270", "-1", "40"),
            ", column CompetitionDistance: '-1' is not a number of at least 0 (1 of 3 rows, first in data row 2)",
        ),
        (
            change("CompetitionOpenSinceMonth", "9", None, "13"),
            ", column CompetitionOpenSinceMonth: '13' is not a whole number from 1 to 12 (1 of 3 rows, first in",
        ),
        (
            change("Promo2SinceWeek", None, None, "54"),
            ", column Promo2SinceWeek: '54' is not a whole number from 1 to 53 (1 of 3 rows, first in data row 3)",
        ),
        (
            change("PromoInterval", None, None, "Jan"),
            ", column PromoInterval: must be Jan,Apr,Jul,Oct or Feb,May,Aug,Nov or Mar,Jun,Sept,Dec (1 rows, first",
        ),
    ],
)
def test_stores_that_do_not_fit_are_refused(raw_stores: pd.DataFrame, spoil: Change, message: str) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest_stores(spoil(raw_stores))
    assert f"store.csv{message}" in str(caught.value)


def test_each_day_gets_its_store(raw_days: pd.DataFrame, raw_stores: pd.DataFrame) -> None:
    days, stores = ingest_days(raw_days), ingest_stores(raw_stores)
    joined, counts = merge_stores(days, stores, "refuse")
    assert counts == {"data/dropped_days": 0.0}
    assert joined.columns.tolist() == [*DAYS, *(name for name in STORES if name != "Store")]
    assert set(joined.columns) - {"Sales"} == set(RAW_ROW)
    assert joined.shape == (5, 18)
    pd.testing.assert_frame_equal(joined[list(DAYS)], days)
    assert joined["StoreType"].tolist() == ["c", "d", "c", "d", "c"]
    assert joined["CompetitionDistance"].tolist() == [1270.0, 40.0, 1270.0, 40.0, 1270.0]


def test_days_of_an_unknown_store_are_refused_with_the_first_examples(
    raw_days: pd.DataFrame, raw_stores: pd.DataFrame
) -> None:
    days, stores = ingest_days(raw_days), ingest_stores(raw_stores).query("Store != 730")
    with pytest.raises(InvalidTableError) as caught:
        merge_stores(days, stores, "refuse")
    assert str(caught.value) == (
        "train.csv, column Store: 2 rows have a Store that store.csv does not hold (first: 730); add the missing "
        "rows there, or give `rossmann.unknown_stores=drop` to leave them out"
    )


def test_days_of_an_unknown_store_are_dropped_and_counted_on_request(
    raw_days: pd.DataFrame, raw_stores: pd.DataFrame
) -> None:
    days, stores = ingest_days(raw_days), ingest_stores(raw_stores).query("Store != 730")
    joined, counts = merge_stores(days, stores, "drop")
    assert counts == {"data/dropped_days": 2.0}
    assert joined["Store"].tolist() == [1, 1, 1]
    assert joined["Sales"].tolist() == [5263, 8314, 0]


def test_no_node_changes_what_it_is_given(raw_days: pd.DataFrame, raw_stores: pd.DataFrame) -> None:
    before = raw_days.copy(), raw_stores.copy()
    days, stores = ingest_days(raw_days), ingest_stores(raw_stores)
    typed = days.copy(), stores.copy()
    merge_stores(days, stores, "drop")
    for table, kept in zip((raw_days, raw_stores, days, stores), (*before, *typed), strict=True):
        pd.testing.assert_frame_equal(table, kept)
