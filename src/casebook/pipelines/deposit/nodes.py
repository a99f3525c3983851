"""Deposit's own nodes: ingestion of its one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.parsing import conform_table
from casebook.data.schema_checks import check_table, refuse_one_class
from casebook.pipelines.deposit.columns import CLIENTS, TARGET

if TYPE_CHECKING:
    import pandas as pd

FILE = "bank.csv"


def ingest_clients(raw_clients: pd.DataFrame) -> pd.DataFrame:
    """Parse and validate the clients.

    Returns:
        The raw columns: texts as categories, `deposit` as 1 for yes and 0 for no.
    """
    from casebook.pipelines.deposit.schemas import CLIENTS_SCHEMA

    clients = conform_table(raw_clients, CLIENTS, FILE)
    check_table(clients, CLIENTS_SCHEMA, FILE)
    refuse_one_class(clients, TARGET, FILE)
    return clients.assign(**{TARGET: (clients[TARGET] == "yes").astype("int8")})


def present_rows(clients: pd.DataFrame) -> pd.DataFrame:
    """Pass the clients on as joined rows: there is no second table."""
    return clients
