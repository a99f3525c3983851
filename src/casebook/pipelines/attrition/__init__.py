"""Attrition: will an employee leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.attrition.columns import FEATURE_SOURCES
from casebook.pipelines.attrition.nodes import rename_department
from casebook.pipelines.attrition.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the file; see `synthetic_data.attrition`."""
    from casebook.synthetic_data import attrition

    sample = attrition.generate_sample(size["employees"], size["seed"])
    attrition.write_sample(sample, folder)
    return attrition.best_reachable(sample)


CASE = Case(
    name="attrition",
    files=("HR_comma_sep.csv",),
    optional_files=(),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="dataset:giripujar/hr-analytics",
    labelled="raw_employees",
    new_rows=NewRows("HR_comma_sep.csv", {"row": "key", "left": "class"}, parse=rename_department),
)
