"""Red Hat business value: which customers will be of high value, from their activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.redhat.columns import FEATURE_SOURCES, PERSON
from casebook.pipelines.redhat.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the three files; see `synthetic_data.redhat`."""
    from casebook.synthetic_data import redhat

    sample = redhat.generate_sample(size["people"], size["activities"], size["seed"])
    redhat.write_sample(sample, folder)
    return {strategy: {"accuracy": best} for strategy, best in redhat.best_reachable(sample).items()}


CASE = Case(
    name="redhat",
    files=("act_train.csv", "people.csv"),
    optional_files=("act_test.csv",),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="competition:predicting-red-hat-business-value",
    labelled="raw_activities",
    new_rows=NewRows(
        file="act_test.csv",
        submission={"activity_id": "key", "outcome": "probability"},
        key="activity_id",
        day="date",
        lookup_table="people.csv",
        join_key="people_id",
        prefix=PERSON,
    ),
)
