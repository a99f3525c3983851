"""What is known of a node's files holds where the catalog has them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedro.io import DataCatalog
from kedro.pipeline import node
from kedro_datasets.json import JSONDataset

from casebook.reuse.recipes import Recipes
from casebook.reuse.records import Made, Recipe, Records

if TYPE_CHECKING:
    from pathlib import Path


def make() -> dict[str, int]:
    return {"rows": 1}


def test_a_record_counts_where_its_files_are_those_of_the_catalog(tmp_path: Path) -> None:
    made = Made(Recipe("code", {}, {}), {str(tmp_path / "here.json"): {}}, {}, "yesterday")
    records = Records(tmp_path / ".made.json", {"make": made})
    for name, expected in (("here.json", made), ("elsewhere.json", None)):
        catalog = DataCatalog({"table": JSONDataset(filepath=str(tmp_path / name))})
        assert Recipes(catalog, records).last_made(node(make, None, "table", name="make")) == expected
