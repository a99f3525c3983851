"""MNIST's own node: ingestion of the archive of images and digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.column_types.parsing import InvalidTableError
from casebook.data.schema_checks import refuse_one_class
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
    missing = [name for part in PARTS for name in (f"x_{part}", f"y_{part}") if name not in raw_digits]
    if missing:
        raise InvalidTableError(f"{FILE} lacks {', '.join(missing)}; it has {', '.join(raw_digits)}: get it again")
    tables = [_check_part(raw_digits[f"x_{part}"], raw_digits[f"y_{part}"], part) for part in PARTS]
    digits = pd.concat(tables, ignore_index=True)
    refuse_one_class(digits, TARGET, FILE)
    return digits.astype({PART: "category"})


def _check_part(images: np.ndarray, labels: np.ndarray, part: str) -> pd.DataFrame:
    if len(images) != len(labels):
        raise InvalidTableError(
            f"{FILE}: x_{part} holds {len(images)} images but y_{part} {len(labels)} digits; get it again"
        )
    if len(images) == 0:
        raise InvalidTableError(f"{FILE}: x_{part} holds no images; get the complete file")
    pixels = check_images(images, f"{FILE}, x_{part}", (HEIGHT, WIDTH))
    # Filled row by row: NumPy would take an array of images apart into numbers.
    views = np.empty(len(pixels), dtype=object)
    for row, image in enumerate(pixels):
        views[row] = image
    return pd.DataFrame({"image": views, TARGET: _check_labels(labels, f"{FILE}, y_{part}"), PART: part})


def _check_labels(labels: np.ndarray, place: str) -> np.ndarray:
    wrong = np.flatnonzero(~np.isin(labels, np.arange(CLASSES)))
    if len(wrong):
        raise InvalidTableError(
            f"{place}: must be digits from 0 to {CLASSES - 1} ({len(wrong)} of {len(labels)} rows, "
            f"first {str(labels[wrong[0]])!r} in data row {wrong[0] + 1}); mend the file"
        )
    return labels.astype(np.int64)


def select_test_images(raw_digits: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Select the images of the archive's test part.

    Returns:
        `image`, a row an image.

    Raises:
        InvalidTableError: the archive lacks them.
    """
    if "x_test" not in raw_digits:
        raise InvalidTableError(f"{FILE} lacks x_test; it has {', '.join(raw_digits)}: get it again")
    images = np.empty(len(raw_digits["x_test"]), dtype=object)
    for row, image in enumerate(raw_digits["x_test"]):
        images[row] = image
    return pd.DataFrame({"image": images})
