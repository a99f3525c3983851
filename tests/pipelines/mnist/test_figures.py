"""The sheet of digits, their counts and the mistaken ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from casebook.data.splitting import TEST, TRAIN, VALIDATION
from casebook.pipelines.mnist import figures
from casebook.pipelines.mnist.nodes import ingest_digits


@pytest.fixture
def digits() -> pd.DataFrame:
    """Three training and three test images; all pixels of an image are as grey as its row number times ten."""
    images = np.repeat(np.arange(6, dtype=np.uint8) * 10, 784).reshape(6, 28, 28)
    labels = np.array([7, 7, 2, 2, 7, 1])
    return ingest_digits({"x_train": images[:3], "y_train": labels[:3], "x_test": images[3:], "y_test": labels[3:]})


@pytest.fixture
def predictions() -> pd.DataFrame:
    """The first test row is a mistake, the second is right, the third a surer mistake."""
    probability = np.zeros((3, 10))
    probability[0, [2, 7]] = 0.4, 0.6
    probability[1, 7] = 1.0
    probability[2, [1, 4, 5]] = 0.1, 0.8, 0.1
    table = pd.DataFrame(probability, columns=[f"probability_{digit}" for digit in range(10)])
    return table.assign(actual=[2, 7, 1])


def shown_images(figure: object) -> list[np.ndarray]:
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]  # type: ignore[attr-defined]


def test_images_are_counted_by_digit_and_part(digits: pd.DataFrame) -> None:
    expected = pd.DataFrame(
        {
            "digit": [1, 2, 2, 7, 7],
            "part": pd.Categorical(["test", "test", "train", "test", "train"]),
            "images": [1, 1, 1, 1, 2],
            "mean_grey": [50.0, 30.0, 20.0, 40.0, 5.0],
        }
    )
    pd.testing.assert_frame_equal(figures.count_digits(digits), expected)


def test_the_look_at_the_data_is_a_sheet_and_the_counts(digits: pd.DataFrame) -> None:
    drawn, tables = figures.draw_raw_digits(digits)
    assert list(drawn) == ["digits.png", "digit_counts.png"]
    assert list(tables) == ["digit_counts"]
    # Row by row from digit 0: the image of 1, those of 2, those of 7.
    assert [image[0, 0] for image in shown_images(drawn["digits.png"])] == [50, 20, 30, 0, 10, 40]
    bars = drawn["digit_counts.png"].axes[0].patches
    assert sum(bar.get_height() for bar in bars) == 6


def test_the_profile_of_the_table_leaves_the_images_to_the_sheet(digits: pd.DataFrame) -> None:
    page, columns, categories, drawn, tables = figures.profile_digits(digits)
    assert "digits: 6 rows, 3 columns; not shown, since they hold arrays: image" in page
    assert columns["dtype"].tolist() == ["array", "int64", "category"]
    assert categories[["column", "value", "rows"]].to_numpy().tolist() == [
        ["digit", "1", 1], ["digit", "2", 2], ["digit", "7", 3], ["part", "test", 3], ["part", "train", 3]
    ]  # fmt: skip
    # The mean of digits says nothing.
    assert categories["mean_target"].isna().all()
    assert (list(drawn), list(tables)) == (["digits.png", "digit_counts.png"], ["digit_counts"])


def test_mistakes_are_listed_the_surest_first(predictions: pd.DataFrame) -> None:
    expected = pd.DataFrame(
        {
            "test_row": [2, 0],
            "actual": [1, 2],
            "predicted": [4, 7],
            "probability_of_predicted": [0.8, 0.6],
            "probability_of_actual": [0.1, 0.4],
        }
    )
    pd.testing.assert_frame_equal(figures.list_mistakes(predictions), expected)


def test_the_sheet_of_mistakes_shows_the_test_images_and_what_they_were_taken_for(
    digits: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    parts = pd.DataFrame({"part": np.array([TRAIN, VALIDATION, TRAIN, TEST, TEST | VALIDATION, TEST], np.uint8)})
    drawn, tables = figures.draw_mistakes(predictions, digits, parts)
    assert list(drawn) == ["mistaken_digits.png"]
    assert tables["mistaken_digits"]["test_row"].tolist() == [2, 0]
    figure = drawn["mistaken_digits.png"]
    assert [image[0, 0] for image in shown_images(figure)] == [50, 30]
    assert [axes.get_title() for axes in figure.axes[:3]] == ["1 > 4 (80 %)", "2 > 7 (60 %)", ""]
    assert figure.get_suptitle() == "2 of 3 test images mistaken: actual > predicted (probability)"


def test_without_a_mistake_the_sheet_says_so(digits: pd.DataFrame, predictions: pd.DataFrame) -> None:
    parts = pd.DataFrame({"part": np.full(6, TEST, np.uint8)})
    right = pd.concat([predictions.iloc[[1]]] * 6, ignore_index=True)
    drawn, tables = figures.draw_mistakes(right, digits, parts)
    assert tables["mistaken_digits"].empty
    assert drawn["mistaken_digits.png"].get_suptitle().startswith("0 of 6 test images mistaken")


def test_of_many_mistakes_the_sheet_shows_the_surest_forty(predictions: pd.DataFrame) -> None:
    mistakes = figures.list_mistakes(pd.concat([predictions] * 30, ignore_index=True))
    figure = figures.draw_mistake_sheet(mistakes, [np.zeros((28, 28))] * 40, 90)
    assert len(mistakes) == 60
    assert len(shown_images(figure)) == 40
    assert figure.get_suptitle().startswith("60 of 90 test images mistaken, the surest 40: ")


def test_drawing_leaves_its_inputs_as_they_were(digits: pd.DataFrame, predictions: pd.DataFrame) -> None:
    before = digits.copy(), predictions.copy()
    figures.draw_raw_digits(digits)
    figures.draw_mistakes(predictions, digits, pd.DataFrame({"part": np.repeat(np.uint8([TRAIN, TEST]), 3)}))
    pd.testing.assert_frame_equal(digits, before[0])
    pd.testing.assert_frame_equal(predictions, before[1])
