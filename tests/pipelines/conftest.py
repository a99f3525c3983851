"""What a declared case's own nodes make of a raw table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from casebook.cases.declared import read_declaration
from casebook.data import target_classes
from casebook.stages.declared import describe_tables, join_tables, type_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from casebook.preprocessing.row_schema import RowSchema

    Ingest = Callable[[str, pd.DataFrame], tuple[pd.DataFrame, RowSchema]]


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Return what makes joined rows and their schema of the one raw table of a case; a class may have a single row."""
    monkeypatch.setattr(target_classes, "LEAST_ROWS", 1)

    def run(case: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, RowSchema]:
        declaration = read_declaration(case)
        data, target, task = declaration.tree["data"], declaration.tree["target"], declaration.tree["task"]
        before = raw.copy()
        schema = describe_tables(data, target, task, {"keys": {}}, raw, tables=declaration.tables)
        typed = type_table(raw, schema, data, target, task, table=declaration.tables[0])
        rows, metrics = join_tables(data, target, task, typed, tables=declaration.tables)
        assert metrics == {"data/target_missing_rows": 0.0}
        assert raw.equals(before), "nodes leave their inputs as they are"
        return rows, schema

    return run
