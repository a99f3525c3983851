"""Deposit: will a bank's client take a term deposit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.deposit.columns import FEATURE_SOURCES
from casebook.pipelines.deposit.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the file; see `synthetic_data.deposit`."""
    from casebook.synthetic_data import deposit

    sample = deposit.generate_sample(size["clients"], size["seed"])
    deposit.write_sample(sample, folder)
    return deposit.best_reachable(sample)


CASE = Case(
    name="deposit",
    files=("bank.csv",),
    optional_files=(),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="dataset:janiobachmann/bank-marketing-dataset",
    labelled="raw_clients",
    new_rows=NewRows("bank.csv", {"row": "key", "deposit": "class"}),
)
