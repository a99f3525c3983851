"""IMDB's own node: reading the two files of reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from casebook.column_types.labels import NO_LABELS, map_labels
from casebook.column_types.parsing import conform_table
from casebook.data.schema_checks import check_table
from casebook.data.source_names import source_of
from casebook.pipelines.imdb.columns import FILE_COLUMNS, NAMES, PART, TARGET
from casebook.stages.nodes import refuse_one_class

if TYPE_CHECKING:
    from collections.abc import Mapping


def ingest_reviews(
    raw_train: pd.DataFrame, raw_test: pd.DataFrame, labels: Mapping[str, int] = NO_LABELS
) -> pd.DataFrame:
    """Check both files and put them one below the other.

    Args:
        raw_train: `text` and `label` (1 is positive), as in the data set's own files.
        raw_test: the same of the test part.
        labels: declared names of the classes; see `column_types.labels`.

    Returns:
        `review`, `positive` (int8) and `part` (train or test), in the order of the files.

    Raises:
        InvalidTableError: a column is missing, a review is empty or no text, or a label is neither 0 nor 1.
    """
    parts = {"train": raw_train, "test": raw_test}
    tables = [_check_part(table, f"{part}.parquet", labels).assign(**{PART: part}) for part, table in parts.items()]
    return pd.concat(tables, ignore_index=True).astype({TARGET: "int8", PART: "category"})


def _check_part(raw: pd.DataFrame, usual: str, labels: Mapping[str, int]) -> pd.DataFrame:
    from casebook.pipelines.imdb.schemas import REVIEWS_SCHEMA

    file = source_of(raw, usual)
    reviews = conform_table(map_labels(raw, "label", labels, file), FILE_COLUMNS, file)
    check_table(reviews, REVIEWS_SCHEMA, file)
    refuse_one_class(reviews, "label", file)
    return reviews.rename(columns=NAMES).astype({"review": "str"})


def name_review(reviews: pd.DataFrame) -> pd.DataFrame:
    """Give the text's column the name that it has here; a CSV file comes as categories, which a text is none of."""
    named = reviews.rename(columns=NAMES)
    categories = [name for name in ("review",) if name in named and isinstance(named[name].dtype, pd.CategoricalDtype)]
    return named.astype(dict.fromkeys(categories, "str"))
