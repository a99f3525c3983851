"""Deposit's own nodes: reading its one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.column_types.labels import NO_LABELS, map_labels
from casebook.column_types.parsing import conform_table
from casebook.data.schema_checks import check_table
from casebook.data.source_names import source_of
from casebook.pipelines.deposit.columns import CLIENTS, TARGET
from casebook.stages.nodes import refuse_one_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

FILE = "bank.csv"


def ingest_clients(raw_clients: pd.DataFrame, labels: Mapping[str, int] = NO_LABELS) -> pd.DataFrame:
    """Type and check the clients.

    Returns:
        The raw columns: texts as categories, `deposit` as 1 for yes and 0 for no.
    """
    from casebook.pipelines.deposit.schemas import CLIENTS_SCHEMA

    file = source_of(raw_clients, FILE)
    clients = conform_table(map_labels(raw_clients, TARGET, labels, file), CLIENTS, file)
    check_table(clients, CLIENTS_SCHEMA, file)
    refuse_one_class(clients, TARGET, file)
    return clients.astype({TARGET: "int8"})


def present_rows(clients: pd.DataFrame) -> pd.DataFrame:
    """Pass the clients on as joined rows: there is no second table."""
    return clients
