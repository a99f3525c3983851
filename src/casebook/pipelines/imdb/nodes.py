"""IMDB's own node: ingestion of the two files of reviews."""

from __future__ import annotations

import pandas as pd

from casebook.column_types.parsing import conform_table
from casebook.data.schema_checks import check_table, refuse_one_class
from casebook.pipelines.imdb.columns import FILE_COLUMNS, NAMES, PART, TARGET


def ingest_reviews(raw_train: pd.DataFrame, raw_test: pd.DataFrame) -> pd.DataFrame:
    """Validate both files and concatenate them.

    Args:
        raw_train: `text` and `label` (1 is positive), as in the data set's own files.
        raw_test: the same of the test part.

    Returns:
        `review`, `positive` (int8) and `part` (train or test), in the order of the files.

    Raises:
        InvalidTableError: a column is missing, a review is empty or no text, or a label is neither 0 nor 1.
    """
    tables_by_part = {"train": raw_train, "test": raw_test}
    tables = [_check_part(table, f"{part}.parquet").assign(**{PART: part}) for part, table in tables_by_part.items()]
    return pd.concat(tables, ignore_index=True).astype({TARGET: "int8", PART: "category"})


def _check_part(raw: pd.DataFrame, file: str) -> pd.DataFrame:
    from casebook.pipelines.imdb.schemas import REVIEWS_SCHEMA

    reviews = conform_table(raw, FILE_COLUMNS, file)
    check_table(reviews, REVIEWS_SCHEMA, file)
    refuse_one_class(reviews, "label", file)
    return reviews.rename(columns=NAMES).astype({"review": "str"})


def name_review(reviews: pd.DataFrame) -> pd.DataFrame:
    """Rename the text's column to its name in this project."""
    return reviews.rename(columns=NAMES)
