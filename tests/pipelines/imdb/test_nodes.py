"""Reading the reviews: what comes through, and what is refused by file, row and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.pipelines.imdb.columns import RAW_ROW
from casebook.pipelines.imdb.features import engineer_features
from casebook.pipelines.imdb.nodes import ingest_reviews, name_review

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def raw_train() -> pd.DataFrame:
    return pd.DataFrame({"text": ["Good.<br /><br />Really!", "Bad", "So so"], "label": [1, 0, 0]})


@pytest.fixture
def raw_test() -> pd.DataFrame:
    return pd.DataFrame({"text": ["Fine", "Poor"], "label": [1, 0]})


def test_both_files_come_one_below_the_other(raw_train: pd.DataFrame, raw_test: pd.DataFrame) -> None:
    expected = pd.DataFrame(
        {
            "review": pd.Series(["Good.<br /><br />Really!", "Bad", "So so", "Fine", "Poor"], dtype="str"),
            "positive": np.array([1, 0, 0, 1, 0], dtype=np.int8),
            "part": pd.Categorical(["train"] * 3 + ["test"] * 2, categories=["test", "train"]),
        }
    )
    pd.testing.assert_frame_equal(ingest_reviews(raw_train, raw_test), expected)


def test_columns_may_come_in_any_order_and_texts_as_objects(raw_train: pd.DataFrame, raw_test: pd.DataFrame) -> None:
    other = raw_train[["label", "text"]].astype({"text": object})
    pd.testing.assert_frame_equal(ingest_reviews(other, raw_test), ingest_reviews(raw_train, raw_test))


def change(column: str, *values: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(**{column: pd.Series(values, dtype=object)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.drop(columns="label"), " lacks the column label; it has text"),
        (lambda table: table.assign(stars=5), " has columns that nothing is known of: stars; remove them"),
        (lambda table: table.head(0), " has a header but no rows; put the complete file there"),
        (
            change("text", "Good", "", "Bad"),
            ", column text: '' is not a text of at least one word (1 of 3 rows, first in data row 2); mend the file",
        ),
        (
            change("text", "Good", "Bad", " \n "),
            r", column text: ' \n ' is not a text of at least one word (1 of 3 rows, first in data row 3)",
        ),
        (
            change("text", 10, "Bad", None),
            ", column text: '10' is not a text of at least one word (2 of 3 rows, first in data row 1); mend the file",
        ),
        (
            change("text", "Good", None, "Bad"),
            ", column text: 'None' is not a text of at least one word (1 of 3 rows, first in data row 2)",
        ),
        (
            change("label", 1, 0, 2),
            ", column label: '2' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 3)",
        ),
        (
            change("label", 1, 0, -1),
            ", column label: '-1' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 3)",
        ),
        (
            change("label", 1, "neg", 0),
            ", column label: 'neg' is not 0 or 1 (no or yes) (1 of 3 rows, first in data row 2)",
        ),
        (change("label", 1, None, 0), ", column label: must not be empty (1 rows, first 'nan' in data row 2)"),
        (change("label", 1, 1, 1), ", column label: every row is 1; both classes are needed to learn from"),
    ],
)
@pytest.mark.parametrize("part", ["train", "test"])
def test_reviews_that_cannot_be_learnt_from_are_refused_by_file(
    raw_train: pd.DataFrame, part: str, spoil: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    files = {"raw_train": raw_train, "raw_test": raw_train} | {f"raw_{part}": spoil(raw_train)}
    with pytest.raises(InvalidTableError) as caught:
        ingest_reviews(**files)
    assert str(caught.value).startswith(f"{part}.parquet{message}")


def test_a_review_is_its_own_feature(raw_train: pd.DataFrame, raw_test: pd.DataFrame) -> None:
    reviews = ingest_reviews(raw_train, raw_test)
    pd.testing.assert_frame_equal(engineer_features(reviews), reviews)
    assert engineer_features(reviews[["review"]]).columns.tolist() == list(RAW_ROW) == ["review"]


def test_the_nodes_leave_their_inputs_as_they_were(raw_train: pd.DataFrame, raw_test: pd.DataFrame) -> None:
    before = raw_train.copy(), raw_test.copy()
    reviews = ingest_reviews(raw_train, raw_test)
    typed = reviews.copy()
    engineer_features(reviews)
    pd.testing.assert_frame_equal(raw_train, before[0])
    pd.testing.assert_frame_equal(raw_test, before[1])
    pd.testing.assert_frame_equal(reviews, typed)


def test_reviews_of_a_csv_file_are_texts_and_no_categories() -> None:
    named = name_review(
        pd.DataFrame({"text": pd.Categorical(["good film", None]), "stars": pd.Categorical(["5", "1"])})
    )
    assert (named["review"].dtype, named["review"].iloc[0]) == ("str", "good film")
    assert named["review"].isna().tolist() == [False, True]
    assert named["stars"].dtype == "category"
