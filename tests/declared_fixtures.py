"""What a declared case's own nodes make of raw tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from casebook.cases.declared import read_declaration
from casebook.cases.own_code import own_features, own_functions
from casebook.config.tree import overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from casebook.preprocessing.row_schema import RowSchema

    Ingest = Callable[..., tuple[pd.DataFrame, RowSchema]]


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Return what makes joined rows and their schema of a case's raw tables; a class may have a single row."""
    monkeypatch.setattr("casebook.data.target_classes.LEAST_ROWS", 1)
    return ingest_tables


def ingest_tables(case: str, *raw: pd.DataFrame, **changed: Any) -> tuple[pd.DataFrame, RowSchema]:  # noqa: ANN401
    """Make joined rows and their schema of a case's raw tables, in the order of their declaration.

    Args:
        case: its name.
        raw: its tables as they are read.
        changed: table -> what is declared of it otherwise.
    """
    # Here, since Kedro must not be there before what a test says of its start.
    from casebook.data.row_description import OwnCode
    from casebook.stages.declared import describe_tables, join_tables, type_table

    declaration = read_declaration(case)
    tables, target, task = declaration.tables, declaration.tree["target"], declaration.tree["task"]
    data = overlay(declaration.tree["data"], {"tables": changed})
    before = [table.copy() for table in raw]
    own = OwnCode(case if own_functions(case) else "", own_features(case))
    schema = describe_tables(data, target, task, {}, *raw, tables=tables, own=own)
    typed = [type_table(one, schema, data, target, task, table=name) for one, name in zip(raw, tables, strict=True)]
    kept = [table.copy() for table in typed]
    rows, metrics = join_tables(data, target, task, *typed, tables=tables)
    lost = float(len(raw[0]) - len(rows))
    assert metrics == {"data/target_missing_rows": 0.0, "data/unmatched_rows": lost}
    for table, as_it_was in zip((*raw, *typed), (*before, *kept), strict=True):
        assert table.equals(as_it_was), "nodes leave their inputs as they are"
    return rows, schema


def name_blocks(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield a case's parameters as nodes take them: whole blocks, and the one part of a block that is taken alone."""
    yield from parameters.items()
    yield "split.keys", parameters["split"]["keys"]
