"""Pima: who will get diabetes within five years, from eight measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.pima.columns import FEATURE_SOURCES, PATIENTS
from casebook.pipelines.pima.nodes import name_columns
from casebook.pipelines.pima.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the file; see `synthetic_data.pima`."""
    from casebook.synthetic_data import pima

    sample = pima.generate_sample(size["rows"], size["seed"])
    pima.write_sample(sample, folder)
    return pima.best_reachable(sample)


CASE = Case(
    name="pima",
    files=("pima-indians-diabetes.csv",),
    optional_files=(),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="dataset:kumargh/pimaindiansdiabetescsv",
    labelled="raw_patients",
    new_rows=NewRows(
        "pima-indians-diabetes.csv", {"row": "key", "diabetes": "class"}, names=tuple(PATIENTS), parse=name_columns
    ),
)
