"""Nodes of declared cases - what their tables hold, typing, joining, features - and their wiring."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from kedro.pipeline import Pipeline

from casebook.cases import own_code
from casebook.column_types.column_type import InvalidTableError
from casebook.config.schema.table_declaration import DataParameters
from casebook.data import declared_tables, row_description
from casebook.data.name_lookup import describe_unknown
from casebook.data.settled_rows import describe_missing_target, settle_rows
from casebook.data.source_names import source_of
from casebook.stages import nodes
from casebook.stages.graph import create_modelling_pipeline
from casebook.stages.row_features import bind
from casebook.stages.tagged_nodes import stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from kedro.pipeline import Node

    from casebook.preprocessing.row_schema import RowSchema

LOGGER = logging.getLogger(__name__)
Block = dict[str, Any]
# Blocks of `preprocessing` whose keys, or values, are features.
NAMING_FEATURES = ("columns", "encoding", "impute", "clip", "nearest_lower_within")


def create_declared_pipeline(case: str, tables: Sequence[str]) -> Pipeline:
    """Wire the whole case, under its namespace.

    Args:
        case: its name.
        tables: the names of its tables, the one of the rows first.
    """
    raw, typed = [f"raw_{table}" for table in tables], [f"typed_{table}" for table in tables]
    said = ["params:data", "params:target", "params:task"]
    functions, extra = own_code.own_functions(case), own_code.load_own(case, "pipeline")
    code = row_description.OwnCode(case if functions else "", own_code.own_features(case))
    own = [
        stage(
            "schema",
            bind(describe_tables, tables=list(tables), own=code),
            [*said, "params:split.keys", *raw],
            "row_schema",
        ),
        *(
            stage(
                "ingestion",
                bind(type_table, table=table),
                [f"raw_{table}", "row_schema", "params:data", "params:target", "params:task"],
                f"typed_{table}",
                name=f"type_{table}",
            )
            for table in tables
        ),
        stage(
            "merging",
            bind(join_tables, tables=list(tables)),
            [*said, *typed],
            ["joined_rows", "target_metrics"],
        ),
    ]
    looking = bind(find_leak_suspects, tables=list(tables))
    own.append(stage("leaks", looking, [*said, "params:leaks", *raw], "leak_suspects", background=True))
    own.append(stage("features", refuse_unknown_names, ["row_schema", "params:preprocessing", "params:leaks"], None))
    profiles = [_profile(table) for table in tables]
    added = extra.create_pipeline() if extra else Pipeline([])
    return Pipeline(Pipeline(own + profiles) + create_modelling_pipeline(functions=functions) + added, namespace=case)


def _profile(table: str) -> Node:
    return stage(
        "profile",
        bind(profile_table, name=table),
        [f"typed_{table}", "params:target", "params:task"],
        [f"{table}_profile_page", f"{table}_profile_columns", f"{table}_profile_categories"],
        name=f"profile_{table}",
        background=True,
    )


def describe_tables(
    data: Block,
    target: str,
    task: str,
    keys: Mapping[str, str],
    *raw: pd.DataFrame,
    tables: Sequence[str],
    own: row_description.OwnCode = row_description.NO_CODE,
) -> RowSchema:
    """Work out columns, types, features and classes of the joined rows; see `row_description.describe_rows`."""
    declared = DataParameters.model_validate(data)
    return row_description.describe_rows(
        dict(zip(tables, raw, strict=True)), declared, target, task, keys.values(), own
    )


def find_leak_suspects(
    data: Block, target: str, task: str, leaks: Block, *raw: pd.DataFrame, tables: Sequence[str]
) -> dict[str, str]:
    """Look for open columns that may tell the target because they come after it, as `casebook check` does.

    Returns:
        By column the evidence; under an empty name why none could be looked for, which stops no run.
    """
    from casebook.schema_inference import find_declared_suspects

    declared = DataParameters.model_validate(data)
    closed = {name for name, choice in leaks.items() if choice == "drop"}
    try:
        found = find_declared_suspects(dict(zip(tables, raw, strict=True)), declared, target, task)  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - whatever a table of nobody's making raises, the run goes on
        return {"": f"{type(error).__name__}: {error}"}
    return {suspect.column: suspect.evidence for suspect in found if suspect.column not in closed}


def type_table(
    raw: pd.DataFrame, row_schema: RowSchema, data: Block, target: str, task: str, *, table: str
) -> pd.DataFrame:
    """Type and check a raw table; see `declared_tables.type_table`."""
    declared = DataParameters.model_validate(data)
    return declared_tables.type_table(raw, table, row_schema, declared, target, task)


def profile_table(table: pd.DataFrame, target: str, task: str, *, name: str) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Profile a typed table; see `nodes.profile_table`. Of several classes the mean number says nothing."""
    return nodes.profile_table(table, target if task != "multiclass" and target in table else None, name=name)


def join_tables(
    data: Block, target: str, task: str, *typed: pd.DataFrame, tables: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Join the typed tables, and leave out rows without a target.

    Returns:
        A row a row of the first table that has a target and the partners that it needs; of the others
        `data/unmatched_rows`, which were left out for want of a partner, and `data/target_missing_rows`.
    """
    declared = DataParameters.model_validate(data)
    rows = declared_tables.join_tables(dict(zip(tables, typed, strict=True)), declared)
    file, unmatched = source_of(typed[0], declared.tables[tables[0]].file), len(typed[0]) - len(rows)
    settled = settle_rows(rows, declared, target, task, file)
    told = describe_missing_target(settled.missing, len(rows), declared, target, file)
    if told:
        LOGGER.warning(told)
    metrics = {"data/target_missing_rows": float(settled.missing), "data/unmatched_rows": float(unmatched)}
    return settled.rows, metrics


def refuse_unknown_names(row_schema: RowSchema, preprocessing: Block, leaks: Block) -> None:
    """Refuse parameters that name features or raw columns which the files do not have.

    Raises:
        InvalidTableError: names the key, and the nearest name that there is.
    """
    for block in NAMING_FEATURES:
        for name in preprocessing.get(block, ()):
            if name not in row_schema.features:
                told = describe_unknown("feature column", name, row_schema.features)
                raise InvalidTableError(f"preprocessing.{block}: {told}")
    for name in leaks:
        if name not in row_schema.columns:
            raise InvalidTableError(f"leaks: {describe_unknown('raw column', name, row_schema.columns)}")
