"""MNIST's own node: ingestion of the archive of images and digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.labels import LabelType
from casebook.column_types.parsing import InvalidTableError
from casebook.data.schema_checks import refuse_one_class
from casebook.data.source_names import source_of
from casebook.pipelines.mnist.columns import CLASSES, HEIGHT, PART, TARGET, WIDTH
from casebook.preprocessing.images import check_images

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "mnist.npz"
PARTS = ("train", "test")


def ingest_digits(raw_digits: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Validate both parts of the archive and concatenate them.

    Args:
        raw_digits: x_train, y_train, x_test and y_test, as in Keras's copy.

    Returns:
        `image` (28 x 28 views of one array, uint8), `digit` (int64, 0 to 9) and `part` (train or test), a row an image,
        in the order of the archive.

    Raises:
        InvalidTableError: an array is missing, parts differ in length, an image has another shape or a value outside
            0 to 255, a digit is outside 0 to 9 or only one digit occurs.
    """
    file = source_of(raw_digits, FILE)
    missing = [name for part in PARTS for name in (f"x_{part}", f"y_{part}") if name not in raw_digits]
    if missing:
        raise InvalidTableError(f"{file} lacks {', '.join(missing)}; it has {', '.join(raw_digits)}: get it again")
    tables = [_check_part(raw_digits[f"x_{part}"], raw_digits[f"y_{part}"], part, file) for part in PARTS]
    digits = pd.concat(tables, ignore_index=True)
    refuse_one_class(digits, TARGET, file)
    return digits.astype({PART: "category"})


def _check_part(images: np.ndarray, labels: np.ndarray, part: str, file: str) -> pd.DataFrame:
    if labels.ndim != 1:
        raise InvalidTableError(f"{file}, array y_{part}: has the shape {labels.shape}; (rows,) is needed")
    if images.ndim == 0:
        raise InvalidTableError(f"{file}, array x_{part}: holds a single value; images of (rows, {HEIGHT}, {WIDTH})")
    if len(images) != len(labels):
        raise InvalidTableError(
            f"{file}: x_{part} holds {len(images)} images but y_{part} {len(labels)} digits; get it again"
        )
    if len(images) == 0:
        raise InvalidTableError(f"{file}: x_{part} holds no images; get the complete file")
    pixels = check_images(images, f"{file}, x_{part}", (HEIGHT, WIDTH))
    digits = LabelType(CLASSES).parse_column(pd.Series(labels, name=TARGET), f"{file}, y_{part}")
    return pd.DataFrame({"image": _list_images(pixels), TARGET: digits.to_numpy(np.int64), PART: part})


def take_images(raw_digits: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Take the images to predict out of an archive: those of its test part, or of its only array.

    Returns:
        `image`, a row an image.

    Raises:
        InvalidTableError: the archive holds several arrays and none of them is x_test, or one without rows.
    """
    file = source_of(raw_digits, FILE)
    name = "x_test" if "x_test" in raw_digits or len(raw_digits) != 1 else next(iter(raw_digits))
    if name not in raw_digits:
        there = ", ".join(raw_digits) or "none"
        raise InvalidTableError(
            f"{file} lacks x_test; it has {there}: name the images to predict x_test, or save no other array"
        )
    if raw_digits[name].ndim == 0:
        raise InvalidTableError(f"{file}, array {name}: holds a single value; images of (rows, {HEIGHT}, {WIDTH})")
    return pd.DataFrame({"image": _list_images(raw_digits[name])})


def frame_pixels(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the pixels of a table together, whose columns are called `pixel0`, `pixel1` ... as in Kaggle's copy.

    Returns:
        `image`, a row an image; a table that has that column as it is. A pixel that is no number makes its image one
        that is rejected.
    """
    pixels = [name for name in rows if str(name).startswith("pixel")]
    if "image" in rows or len(pixels) != HEIGHT * WIDTH:
        return rows
    texts = rows[pixels].astype(object).apply(pd.to_numeric, errors="coerce")
    return pd.DataFrame({"image": _list_images(texts.to_numpy(np.float64).reshape(-1, HEIGHT, WIDTH))})


def _list_images(images: np.ndarray) -> np.ndarray:
    """List images a row each: NumPy would take an array of images apart into numbers."""
    listed = np.empty(len(images), dtype=object)
    for row, image in enumerate(images):
        listed[row] = image
    return listed
