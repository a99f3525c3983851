"""Reading the archive of digits: what comes through, and what is refused by name, row and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.kinds import COLUMN_TYPES
from casebook.column_types.parsing import InvalidTableError
from casebook.data.source_names import NamedArrays, name_source
from casebook.pipelines.mnist.columns import RAW_ROW
from casebook.pipelines.mnist.features import engineer_features
from casebook.pipelines.mnist.nodes import frame_pixels, ingest_digits, take_images

if TYPE_CHECKING:
    from collections.abc import Callable

Archive = dict[str, np.ndarray]


@pytest.fixture
def raw_digits() -> Archive:
    images = np.random.default_rng(3).integers(0, 256, (5, 28, 28)).astype(np.uint8)
    labels = np.array([7, 0, 9, 9, 1], dtype=np.uint8)
    return {"x_train": images[:3], "y_train": labels[:3], "x_test": images[3:], "y_test": labels[3:]}


def test_both_parts_come_one_below_the_other(raw_digits: Archive) -> None:
    digits = ingest_digits(raw_digits)
    expected = pd.DataFrame(
        {"digit": [7, 0, 9, 9, 1], "part": pd.Categorical(["train"] * 3 + ["test"] * 2, categories=["test", "train"])}
    )
    pd.testing.assert_frame_equal(digits[["digit", "part"]], expected)
    pixels = np.concatenate([raw_digits["x_train"], raw_digits["x_test"]])
    np.testing.assert_array_equal(np.stack(digits["image"].tolist()), pixels)
    assert {image.dtype for image in digits["image"]} == {np.dtype(np.uint8)}


def test_images_are_views_of_one_array_a_part(raw_digits: Archive) -> None:
    images = ingest_digits(raw_digits)["image"]
    assert images[0].base is images[2].base is not None
    assert images[3].base is images[4].base is not images[0].base


def spoil(name: str, *place: int, value: float) -> Callable[[Archive], Archive]:
    def change(archive: Archive) -> Archive:
        spoilt = archive[name].astype(type(value))
        spoilt[place] = value
        return {**archive, name: spoilt}

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda archive: {name: archive[name] for name in ("x_train", "y_train", "x_test")},
            "mnist.npz lacks y_test; it has x_train, y_train, x_test: get it again",
        ),
        (
            lambda archive: {**archive, "y_train": archive["y_train"][:2]},
            "mnist.npz: x_train holds 3 images but y_train 2 digits; get it again",
        ),
        (
            lambda archive: {**archive, "x_test": archive["x_test"][:0], "y_test": archive["y_test"][:0]},
            "mnist.npz: x_test holds no images; get the complete file",
        ),
        (
            lambda archive: {**archive, "y_train": archive["y_train"][:, None]},
            "mnist.npz, array y_train: has the shape (3, 1); (rows,) is needed",
        ),
        (
            lambda archive: {**archive, "x_test": np.array(7)},
            "mnist.npz, array x_test: holds a single value; images of (rows, 28, 28)",
        ),
        (
            lambda archive: {**archive, "x_train": archive["x_train"][:, :27]},
            "mnist.npz, x_train: must be images of 28 x 28 numbers (3 of 3 rows, first '(27, 28)'; data rows 1, 2, 3)",
        ),
        (
            lambda archive: {**archive, "x_test": archive["x_test"].reshape(2, 784)},
            "mnist.npz, x_test: must be images of 28 x 28 numbers (2 of 2 rows, first '(784,)'; data rows 1, 2)",
        ),
        (
            spoil("x_train", 1, 5, 5, value=256),
            "mnist.npz, x_train: must hold whole numbers from 0 to 255 (1 of 3 rows, first '256'; data rows 2)",
        ),
        (
            spoil("x_test", 0, 0, 0, value=-0.5),
            "mnist.npz, x_test: must hold whole numbers from 0 to 255 (1 of 2 rows, first '-0.5'; data rows 1)",
        ),
        (
            spoil("y_train", 2, value=10),
            "mnist.npz, y_train: '10' is not a class from 0 to 9 (1 of 3 rows, first in data row 3); mend the file",
        ),
        (
            spoil("y_test", 0, value=-1),
            "mnist.npz, y_test: '-1' is not a class from 0 to 9 (1 of 2 rows, first in data row 1)",
        ),
        (
            spoil("y_test", 1, value=1.5),
            "mnist.npz, y_test: '1.5' is not a class from 0 to 9 (1 of 2 rows, first in data row 2)",
        ),
        (
            lambda archive: {**archive, "y_train": np.full(3, 4), "y_test": np.full(2, 4)},
            "mnist.npz, column digit: every row is 4; both classes are needed to learn from",
        ),
    ],
)
def test_an_archive_that_cannot_be_learnt_from_is_refused(
    raw_digits: Archive, change: Callable[[Archive], Archive], message: str
) -> None:
    with pytest.raises(InvalidTableError) as caught:
        ingest_digits(change(raw_digits))
    assert message in str(caught.value)


def test_an_image_is_its_own_feature(raw_digits: Archive) -> None:
    digits = ingest_digits(raw_digits)
    pd.testing.assert_frame_equal(engineer_features(digits), digits)
    request = digits[["image"]]
    assert engineer_features(request).columns.tolist() == list(RAW_ROW) == ["image"]


def test_the_nodes_leave_their_inputs_as_they_were(raw_digits: Archive) -> None:
    before = {name: values.copy() for name, values in raw_digits.items()}
    digits = ingest_digits(raw_digits)
    typed = digits.copy()
    engineer_features(digits)
    for name, values in raw_digits.items():
        np.testing.assert_array_equal(values, before[name])
    pd.testing.assert_frame_equal(digits, typed)


@pytest.mark.parametrize("name", ["x_test", "images"])
def test_images_to_predict_are_those_of_the_test_part_or_of_the_only_array(name: str) -> None:
    images = np.arange(2 * 28 * 28).reshape(2, 28, 28) % 256
    taken = take_images({name: images})
    assert [image.tolist() for image in taken["image"]] == images.tolist()


def test_an_archive_that_does_not_say_which_images_are_to_be_predicted_is_refused_by_its_own_name() -> None:
    arrays = name_source(NamedArrays(x=np.zeros(1), y=np.zeros(1)), "new.npz")
    with pytest.raises(InvalidTableError, match=r"^new\.npz lacks x_test; it has x, y: name the images to predict"):
        take_images(arrays)


def test_pixels_of_a_table_are_put_together_by_row_and_one_that_is_no_number_spoils_its_image_alone() -> None:
    pixels = pd.DataFrame(np.arange(2 * 784).reshape(2, 784) % 256, columns=[f"pixel{n}" for n in range(784)])
    texts = pixels.astype("str").assign(label="7")
    texts.loc[1, "pixel3"] = "dark"
    first, second = frame_pixels(texts)["image"]
    assert first.ravel().tolist() == pixels.iloc[0].tolist()
    assert (COLUMN_TYPES["image"].accepts(first), COLUMN_TYPES["image"].accepts(second)) == (True, False)
    assert frame_pixels(pixels[["pixel0"]]).columns.tolist() == ["pixel0"]
