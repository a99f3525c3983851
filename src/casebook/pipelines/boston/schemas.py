"""Pandera schema of the typed Boston table. Importing this module imports Pandera."""

from __future__ import annotations

from casebook.data.table_schemas import describe_table
from casebook.pipelines.boston.columns import HOUSES

# Which numbers there may be is part of the columns' types.
HOUSES_SCHEMA = describe_table(HOUSES, {})
