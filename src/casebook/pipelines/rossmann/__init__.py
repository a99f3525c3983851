"""Rossmann: the sales of each store on each day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.rossmann.columns import DAYS, FEATURE_SOURCES, TARGET
from casebook.pipelines.rossmann.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the three files; see `synthetic_data.rossmann`."""
    from casebook.synthetic_data import rossmann

    sample = rossmann.generate_sample(size["stores"], size["days"], size["seed"])
    rossmann.write_sample(sample, folder)
    reachable: dict[str, dict[str, float]] = rossmann.best_reachable(sample)
    return reachable


CASE = Case(
    name="rossmann",
    files=("train.csv", "store.csv"),
    optional_files=("test.csv",),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="competition:rossmann-store-sales",
    labelled="raw_days",
    new_rows=NewRows(
        file="test.csv",
        submission={"Id": "key", "Sales": "prediction"},
        key="Id",
        day="Date",
        lookup_table="store.csv",
        join_key="Store",
    ),
    target_kind=DAYS[TARGET],
)
