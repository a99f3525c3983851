"""Nodes of declared cases - what their tables hold, typing, joining, features - and their wiring."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from kedro.pipeline import Pipeline

from casebook.config.schema.table_declaration import DataParameters
from casebook.data import declared_tables, row_description
from casebook.stages.graph import bind, create_modelling_pipeline, create_profile_pipeline, stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from casebook.preprocessing.row_schema import RowSchema

LOGGER = logging.getLogger(__name__)
Block = dict[str, Any]


def create_declared_pipeline(case: str, tables: Sequence[str]) -> Pipeline:
    """Wire the whole case, under its namespace.

    Args:
        case: its name.
        tables: the names of its tables, the one of the rows first.
    """
    raw, typed = [f"raw_{table}" for table in tables], [f"typed_{table}" for table in tables]
    own = [
        stage(
            "schema",
            bind(describe_tables, tables=list(tables)),
            ["params:data", "params:target", "params:task", "params:split", *raw],
            "row_schema",
        ),
        *(
            stage(
                "ingestion",
                bind(type_table, table=table),
                [f"raw_{table}", "row_schema", "params:data"],
                f"typed_{table}",
                name=f"type_{table}",
            )
            for table in tables
        ),
        stage(
            "merging",
            bind(join_tables, tables=list(tables)),
            ["row_schema", "params:data", "params:target", "params:task", *typed],
            ["joined_rows", "target_metrics"],
        ),
    ]
    return Pipeline(Pipeline(own) + create_profile_pipeline(*typed) + create_modelling_pipeline(), namespace=case)


def describe_tables(
    data: Block, target: str, task: str, split: Block, *raw: pd.DataFrame, tables: Sequence[str]
) -> RowSchema:
    """Work out columns, types, features and classes of the joined rows; see `row_description.describe_rows`."""
    declared = DataParameters.model_validate(data)
    keys = split["keys"].values()
    return row_description.describe_rows(dict(zip(tables, raw, strict=True)), declared, target, task, keys)


def type_table(raw: pd.DataFrame, row_schema: RowSchema, data: Block, *, table: str) -> pd.DataFrame:
    """Type and check a raw table; see `declared_tables.type_table`."""
    return declared_tables.type_table(raw, table, row_schema, DataParameters.model_validate(data))


def join_tables(
    row_schema: RowSchema, data: Block, target: str, task: str, *typed: pd.DataFrame, tables: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Join the typed tables and number the target's classes.

    Returns:
        A row a row of the first table that has a target, and `data/target_missing_rows` of those that have none.
    """
    declared = DataParameters.model_validate(data)
    rows = declared_tables.join_tables(dict(zip(tables, typed, strict=True)), declared)
    file = declared.tables[tables[0]].file
    for name in declared.with_role("split"):
        parts = declared_tables.mark_given_parts(rows[name], declared.columns[name].test, f"{file}, column {name}")
        rows = rows.assign(**{name: parts})
    place = f"{file}, column {target}"
    settled = declared_tables.settle_target(rows, target, row_schema.classes, task, place)
    missing = len(rows) - len(settled)
    if missing:
        LOGGER.warning("%s is empty in %d of %d rows, which are set aside", place, missing, len(rows))
    return settled, {"data/target_missing_rows": float(missing)}


def engineer_features(joined_rows: pd.DataFrame, row_schema: RowSchema) -> pd.DataFrame:
    """Compute the features; see `RowSchema.engineer_features`."""
    return row_schema.engineer_features(joined_rows)
