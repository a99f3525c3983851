"""What is known of a node's files holds where the catalog has them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro_datasets.json import JSONDataset

from casebook.caching.kept_outputs import KeptOutputs
from casebook.caching.lineage import Lineage
from casebook.caching.records import Materialization, Records
from casebook.datasets import TableFile

if TYPE_CHECKING:
    from pathlib import Path


def make() -> dict[str, int]:
    return {"rows": 1}


def test_a_record_counts_where_its_files_are_those_of_the_catalog(tmp_path: Path) -> None:
    made = Materialization(Lineage("code", {}, {}), {str(tmp_path / "here.json"): {}}, {}, "yesterday")
    records = Records(tmp_path / ".made.json", {"make": made})
    for name, expected in (("here.json", made), ("elsewhere.json", None)):
        catalog = DataCatalog({"table": JSONDataset(filepath=str(tmp_path / name))})
        assert KeptOutputs(catalog, records).last_made(node(make, None, "table", name="make")) == expected


def test_the_lineage_of_a_node_is_the_same_wherever_the_project_lies(tmp_path: Path) -> None:
    found = []
    for folder in ("here", "there"):
        catalog = DataCatalog({"table": TableFile(filepath=str(tmp_path / folder / "table.parquet"))})
        kept = KeptOutputs(catalog, Records(tmp_path / ".made.json"))
        found.append(kept.trace(Pipeline([node(make, None, "table", name="make")])))
    assert found[0] == found[1] != {}
