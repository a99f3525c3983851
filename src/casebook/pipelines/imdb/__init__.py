"""IMDB: whether a film review is positive, from its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases.registry import Case, NewRows
from casebook.pipelines.imdb.columns import FEATURE_SOURCES
from casebook.pipelines.imdb.nodes import name_review
from casebook.pipelines.imdb.pipeline import create_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_sample(size: Mapping[str, int], folder: Path) -> dict[str, dict[str, float]]:
    """Generate the two files; see `synthetic_data.imdb`."""
    from casebook.synthetic_data import imdb

    sample = imdb.generate_sample(size["train"], size["test"], size["seed"])
    imdb.write_sample(sample, folder)
    return imdb.best_reachable(sample)


CASE = Case(
    name="imdb",
    files=("train.parquet", "test.parquet"),
    optional_files=(),
    feature_sources=FEATURE_SOURCES,
    create_pipeline=create_pipeline,
    write_sample=write_sample,
    fetch="keras:imdb",
    labelled="raw_train",
    new_rows=NewRows("test.parquet", {"row": "key", "positive": "class"}, parse=name_review),
)
