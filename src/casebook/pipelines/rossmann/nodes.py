"""Rossmann's own nodes: ingestion of its two tables and their join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.data.joins import JoinNames, join_many_to_one
from casebook.data.schema_checks import check_table
from casebook.data.source_names import name_source, source_of
from casebook.pipelines.rossmann.columns import DAYS, STORES

if TYPE_CHECKING:
    import pandas as pd

    from casebook.config.schema import UnknownKeys

FILE = "train.csv"


def ingest_days(raw_days: pd.DataFrame) -> pd.DataFrame:
    """Parse and validate the days of the stores.

    Returns:
        The raw columns: `Date` as datetime64[s], `StateHoliday` as category, `Open`, `Promo` and `SchoolHoliday` as
        booleans, the rest as numbers.
    """
    from casebook.pipelines.rossmann.schemas import DAYS_SCHEMA

    file = source_of(raw_days, FILE)
    days = check_table(conform_table(raw_days, DAYS, file), DAYS_SCHEMA, file)
    refuse_repeated_days(days, file)
    return name_source(days, file)


def refuse_repeated_days(days: pd.DataFrame, file: str = FILE) -> None:
    """Raise when a store has two rows for one day.

    Raises:
        InvalidTableError: names the first such store and day, and counts the rows too many.
    """
    repeated = days[days.duplicated(["Store", "Date"])]
    if len(repeated):
        store, day = repeated.iloc[0][["Store", "Date"]]
        raise InvalidTableError(
            f"{file}, columns Store and Date: store {store} has more than one row for {day:%Y-%m-%d} "
            f"({len(repeated)} rows too many); keep one row each"
        )


def ingest_stores(raw_stores: pd.DataFrame) -> pd.DataFrame:
    """Parse and validate the stores.

    Returns:
        The raw columns: texts as categories, `Promo2` as boolean, the rest as numbers with NaN for what is not known.
    """
    from casebook.pipelines.rossmann.schemas import STORES_SCHEMA

    return check_table(conform_table(raw_stores, STORES, "store.csv"), STORES_SCHEMA, "store.csv")


def merge_stores(
    days: pd.DataFrame, stores: pd.DataFrame, unknown_stores: UnknownKeys
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Join each day with its store.

    Returns:
        The days' columns and the store's, a row a day; and how many days were dropped because nothing is known of
        their store.

    Raises:
        InvalidTableError: a day's store is unknown, and such days are to be refused.
    """
    names = JoinNames(f"{source_of(days, FILE)}, column Store", "store.csv", "rossmann.unknown_stores")
    joined = join_many_to_one(days, stores, "Store", "", names, unknown_stores)
    return joined, {"data/dropped_days": float(len(days) - len(joined))}
