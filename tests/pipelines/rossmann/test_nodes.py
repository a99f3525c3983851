"""Reading and joining the two tables, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.declared_fixtures import Ingest

    Change = Callable[[pd.DataFrame], pd.DataFrame]


def test_days_and_stores_are_typed_and_joined(ingest: Ingest, raw_days: pd.DataFrame, raw_stores: pd.DataFrame) -> None:
    rows, schema = ingest("rossmann", raw_days, raw_stores)
    days = raw_days.assign(
        Store=[1, 730, 1, 730, 1],
        DayOfWeek=[5, 4, 4, 3, 2],
        Date=pd.array(raw_days["Date"].tolist(), dtype="datetime64[s]"),
        Sales=[5263.0, 6064.0, 8314.0, 0.0, 0.0],
        Customers=[555, 625, 821, 0, 0],
        Open=[True, True, True, False, False],
        Promo=[True, False, False, False, False],
        SchoolHoliday=[True, False, False, True, True],
    )
    stores = raw_stores.assign(
        CompetitionDistance=[1270.0, None, 40.0],
        CompetitionOpenSinceMonth=[9.0, None, 8.0],
        CompetitionOpenSinceYear=[2008.0, None, 2014.0],
        Promo2=[False, False, True],
        Promo2SinceWeek=[None, None, 1.0],
        Promo2SinceYear=[None, None, 2013.0],
    )
    of_each = stores.drop(columns="Store").iloc[[0, 2, 0, 2, 0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, pd.concat([days, of_each], axis=1))
    assert set(schema.columns) == set(rows) - {"Sales"}


def test_columns_may_come_in_any_order(ingest: Ingest, raw_days: pd.DataFrame, raw_stores: pd.DataFrame) -> None:
    rows, schema = ingest("rossmann", raw_days, raw_stores)
    turned, again = ingest("rossmann", raw_days[sorted(raw_days)], raw_stores[sorted(raw_stores)])
    pd.testing.assert_frame_equal(turned[rows.columns.tolist()], rows)
    assert again.features == schema.features


def change(column: str, *values: object) -> Change:
    return lambda table: table.assign(**{column: list(values)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="Promo"), ", store.csv 'Promo' (did you mean Promo2"),
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
            ", column Open: 'closed' is not yes or no, true or false, 1 or 0 (1 of 5 rows, first in data row 2)",
        ),
        (
            change("Open", "1", None, "1", "0", "0"),
            ", column Open: must not be empty (1 rows, first 'None' in data row 2)",
        ),
        (
            change("Date", "2014-09-25", "2014-09-25", "2014-09-25", "2013-12-25", "2013-01-01"),
            ", columns Store and Date: Store 1, Date 2014-09-25 00:00:00 stands in more than one row (1 rows too many)",
        ),
    ],
)
def test_days_that_cannot_be_learnt_from_are_refused(
    ingest: Ingest, raw_days: pd.DataFrame, raw_stores: pd.DataFrame, spoil: Change, message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest("rossmann", spoil(raw_days), raw_stores)
    assert f"train.csv{message}" in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="Assortment"), " 'Assortment'"),
        (lambda table: table.drop(columns="Store"), " 'Store' (did you mean StoreType?)"),
        (lambda table: table.assign(Sales=1), ", column Sales: days has one of that name too"),
        (lambda table: table.assign(Rent=1), " has columns that nothing is known of: Rent; remove them"),
        (change("Store", "1", "2", "1"), ": Store 1 stands 2 times (1 rows too many); keep one row for each Store"),
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
            ", column PromoInterval: must be one of Jan,Apr,Jul,Oct, Feb,May,Aug,Nov, Mar,Jun,Sept,Dec (1 rows, first",
        ),
    ],
)
def test_stores_that_do_not_fit_are_refused(
    ingest: Ingest, raw_days: pd.DataFrame, raw_stores: pd.DataFrame, spoil: Change, message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest("rossmann", raw_days, spoil(raw_stores))
    assert f"store.csv{message}" in str(caught.value)


def test_days_of_an_unknown_store_are_refused_with_the_first_examples(
    ingest: Ingest, raw_days: pd.DataFrame, raw_stores: pd.DataFrame
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest("rossmann", raw_days, raw_stores.head(2))
    assert str(caught.value) == (
        "train.csv, column Store: 2 rows have no partner in store.csv (first: Store 730); add the missing rows "
        "there, or give data.tables.stores.unmatched=missing to keep them, or =drop to leave them out"
    )


def test_days_of_an_unknown_store_are_dropped_on_request(
    ingest: Ingest, raw_days: pd.DataFrame, raw_stores: pd.DataFrame
) -> None:
    joined, _ = ingest("rossmann", raw_days, raw_stores.head(2), stores={"unmatched": "drop"})
    assert joined["Store"].tolist() == [1, 1, 1]
    assert joined["Sales"].tolist() == [5263, 8314, 0]
