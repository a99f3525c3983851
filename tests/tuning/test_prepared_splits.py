"""Splits are made of the files with which a study began, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from kedro.pipeline import Pipeline, node

from casebook.caching.lineage import DerivedDatasets
from casebook.tuning.prepared_splits import SplitStore, StaleFilesError, is_unchanged, stamp_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def no_splits(table: str) -> list[Any]:  # noqa: ARG001 - the input is what matters
    return []


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "table.parquet").write_text("rows")
    return tmp_path / "table.parquet"


@pytest.fixture
def store(tmp_path: Path, table: Path) -> SplitStore:
    """A store of a study that began with the table as it is."""
    graph = Pipeline([node(no_splits, "table", "splits")])
    datasets = DerivedDatasets(graph, {}, lambda _: table.read_text(), lambda _: False, "raw")
    # A worker reads the plan as JSON.
    return SplitStore(tmp_path / "study", datasets, json.loads(json.dumps({str(table): stamp_file(table)})))


def test_a_file_written_again_alike_is_as_it_was(table: Path) -> None:
    stamp = stamp_file(table)
    table.unlink()
    table.write_text("rows")
    assert stamp_file(table) != stamp
    assert is_unchanged(table, stamp)
    table.write_text("other")
    assert not is_unchanged(table, stamp)


@pytest.mark.parametrize("change", [lambda table: table.write_text("other"), lambda table: table.unlink()])
def test_files_that_another_run_wrote_or_removed_are_refused(
    store: SplitStore, table: Path, change: Callable[[Path], None]
) -> None:
    change(table)
    with pytest.raises(StaleFilesError, match=r"table\.parquet was written by another run"):
        store.find("splits", {})
