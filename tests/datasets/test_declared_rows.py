"""Rows to predict of declared cases, and what they are joined to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.batch_scoring.raw_block import RawBlock
from casebook.column_types.column_type import InvalidTableError
from casebook.config.schema.table_declaration import TableParameters
from casebook.datasets.declared_rows import Lookup

PLOTS = Lookup(
    TableParameters(file="plots.csv", join_on={"plot": "plot"}, unmatched="missing"),
    {"plot": "category"},
    pd.DataFrame({"plot": pd.Categorical(["p1", "p2"])}),
    pd.DataFrame({"kind": ["wood", "field"], "size": ["3", "4"]}),
)

NEW = "new.csv"


def block(**more: list[str]) -> RawBlock:
    rows = pd.DataFrame({"plot": pd.Categorical(["p2", "p1"]), **more})
    return RawBlock(rows, np.arange(2))


def test_rows_are_joined_unless_they_come_joined() -> None:
    assert PLOTS.join(block(), NEW).rows["kind"].tolist() == ["field", "wood"]
    joined = PLOTS.join(block(size=["9", "9"], kind=["sea", "sea"]), NEW).rows
    assert (joined["kind"].tolist(), list(joined)) == (["sea", "sea"], ["plot", "size", "kind"])


def test_rows_with_some_columns_of_the_other_table_are_refused() -> None:
    told = r"^new\.csv has kind of plots\.csv, but lacks size; give rows with all of its columns, or with none"
    with pytest.raises(InvalidTableError, match=told):
        PLOTS.join(block(kind=["sea", "sea"]), NEW)
