"""Lengths of reviews, accuracy by length and the surest mistakes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.data.splitting import TEST, TRAIN
from casebook.pipelines.imdb import figures
from casebook.pipelines.imdb.nodes import ingest_reviews


def reviews_of(*lengths: int) -> list[str]:
    return [" ".join(["word"] * (length - 1) + [f"end{place}"]) for place, length in enumerate(lengths)]


@pytest.fixture
def reviews() -> pd.DataFrame:
    train = pd.DataFrame({"text": [*reviews_of(2, 4, 6), "word end0"], "label": [1, 1, 0, 1]})
    test = pd.DataFrame({"text": reviews_of(10, 120, 600), "label": [0, 1, 0]})
    return ingest_reviews(train, test)


@pytest.fixture
def predictions() -> pd.DataFrame:
    return pd.DataFrame({"probability": [0.2, 0.5, 0.9], "actual": [0, 1, 0]})


def test_words_are_counted_as_the_preparation_splits_them() -> None:
    counted = figures.count_review_words(pd.Series(["Don't<br />go!", "..."]))
    assert counted.tolist() == [2, 0]


def test_lengths_are_summarised_by_part_and_class(reviews: pd.DataFrame) -> None:
    table = figures.summarise_lengths(reviews, figures.count_review_words(reviews["review"]))
    assert table.columns.tolist() == ["part", "positive", "reviews", "mean", "p01", "p25", "p50", "p75", "p90", "p99"]
    assert table[["part", "positive", "reviews"]].to_numpy().tolist() == [
        ["test", 0, 2], ["test", 1, 1], ["train", 0, 1], ["train", 1, 3]
    ]  # fmt: skip
    assert table["mean"].tolist() == pytest.approx([305, 120, 6, 8 / 3])
    assert table["p50"].tolist() == [305, 120, 6, 2]


def test_copies_and_cut_reviews_are_counted_by_part(reviews: pd.DataFrame) -> None:
    table = figures.summarise_parts(reviews, figures.count_review_words(reviews["review"]), 100)
    assert table["reviews"].tolist() == [3, 4]
    assert table["positive_share"].tolist() == pytest.approx([1 / 3, 3 / 4])
    assert table["copies"].tolist() == [0, 1]
    assert table["cut_share"].tolist() == pytest.approx([2 / 3, 0])


def test_the_profile_of_the_table_cuts_long_reviews_and_counts_them_whole(reviews: pd.DataFrame) -> None:
    page, columns, categories, drawn, _ = figures.profile_reviews(reviews, {"vocabulary": 10, "length": 100})
    assert "reviews: 7 rows, 3 columns; cut to 80 characters: review" in page
    described = columns.set_index("column").loc["review"]
    assert (described["distinct"], described["most_frequent"]) == (6, "word end0")
    means = categories[categories["column"] == "part"].set_index("value")["mean_target"].to_dict()
    assert means == pytest.approx({"test": 1 / 3, "train": 3 / 4})
    assert list(drawn) == ["review_lengths.png"]


def test_the_look_at_the_data_is_a_histogram_and_two_tables(reviews: pd.DataFrame) -> None:
    drawn, tables = figures.draw_raw_reviews(reviews, {"vocabulary": 10, "length": 100})
    assert list(drawn) == ["review_lengths.png"]
    assert list(tables) == ["review_lengths", "review_shares"]
    legend = drawn["review_lengths.png"].axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["positive", "negative", "cut to the last 100"]


def test_accuracy_is_measured_by_length(predictions: pd.DataFrame) -> None:
    table = figures.measure_by_length(predictions, pd.Series([10, 120, 600]))
    expected = pd.DataFrame(
        {"words": ["up to 100", "up to 150", "above 500"], "reviews": [1, 1, 1], "accuracy": [1.0, 1.0, 0.0]}
    )
    pd.testing.assert_frame_equal(table.astype({"words": "str"}), expected, check_dtype=False)


def test_the_surest_mistakes_come_first_with_their_beginning() -> None:
    predictions = pd.DataFrame({"probability": [0.6, 0.1, 0.01, 0.9], "actual": [0, 1, 1, 1]})
    reviews = pd.Series(["a" * 400, "b", "c", "d"])
    table = figures.list_mistakes(predictions, reviews)
    assert table["test_row"].tolist() == [2, 1, 0]
    assert table["probability"].tolist() == [0.01, 0.1, 0.6]
    assert table["review"].tolist() == ["c", "b", "a" * 300]


def test_the_test_reviews_are_those_of_the_parts(reviews: pd.DataFrame, predictions: pd.DataFrame) -> None:
    parts = pd.DataFrame({"part": np.array([TRAIN] * 4 + [TEST] * 3, np.uint8)})
    before = reviews.copy(), predictions.copy()
    drawn, tables = figures.draw_mistakes(predictions, reviews, parts)
    assert list(drawn) == ["accuracy_by_length.png"]
    assert tables["accuracy_by_length"]["reviews"].tolist() == [1, 1, 1]
    assert tables["mistaken_reviews"]["test_row"].tolist() == [2]
    assert tables["mistaken_reviews"]["review"].tolist() == [reviews["review"].iloc[6][:300]]
    pd.testing.assert_frame_equal(reviews, before[0])
    pd.testing.assert_frame_equal(predictions, before[1])
