"""Boston: the median house price of a district, from thirteen figures of it (see `columns` for what B is)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.boston.columns import FEATURE_SOURCES, HOUSES, TARGET
from casebook.pipelines.boston.nodes import name_columns, take_houses
from casebook.pipelines.boston.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the file; see `synthetic_data.boston`."""
    from casebook.synthetic_data import boston

    boston.write_sample(boston.generate_sample(size["rows"], size["seed"]), folder)
    return boston.best_reachable()


CASE = Case(
    name="boston",
    files=("boston_housing.npz",),
    optional_files=(),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="keras:boston_housing",
    labelled="raw_houses",
    new_rows=NewRows(
        "boston_housing.npz",
        {"row": "key", "MEDV": "prediction"},
        names=tuple(HOUSES),
        parse=name_columns,
        parse_arrays=take_houses,
    ),
    target_kind=HOUSES[TARGET],
)
