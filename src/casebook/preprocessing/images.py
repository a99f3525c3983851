"""Preprocessing of images: arrays of grey values, which the network scales.

The pixels stay bytes until they are inside the network, so a prepared image takes a quarter of a float's room.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.column_types.column_type import InvalidTableError
from casebook.column_types.kinds import BRIGHTEST, stack_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from casebook.config.schema import ImagePreprocessingParameters

IMAGES = "images"


@dataclass(frozen=True)
class ImagePreprocessor:
    """Fitted preprocessor of images: the column, the shape of every image and the scale of its values."""

    name: str
    height: int
    width: int
    scale: float

    @property
    def column_names(self) -> list[str]:
        """Return the name of the one feature column that it prepares."""
        return [self.name]

    @property
    def feature_count(self) -> int:
        """Return the number of features that a network sees."""
        return len(self.features)

    @property
    def features(self) -> list[str]:
        """List the names of the pixels, row by row."""
        return [f"{self.name}_{row}_{column}" for row in range(self.height) for column in range(self.width)]

    def prepare(self, table: pd.DataFrame) -> dict[str, np.ndarray]:
        """Stack the column's images: `images`, uint8 of shape (rows, height, width).

        Raises:
            InvalidTableError: an image of another shape, or a value that is no whole number from 0 to 255.
        """
        column = table[self.name]
        return {IMAGES: check_images(column.tolist(), f"column {self.name}", (self.height, self.width))}

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values that `from_dict` rebuilds the preprocessor from."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> ImagePreprocessor:
        """Rebuild a preprocessor."""
        return cls(**facts)


def fit_images(table: pd.DataFrame, parameters: ImagePreprocessingParameters) -> ImagePreprocessor:
    """Fit the shape of the training images.

    Args:
        table: training rows with one column, whose cells are 2-D arrays or nested lists.
        parameters: the case's `preprocessing` block.

    Raises:
        ValueError: the table has another number of columns than one.
        InvalidTableError: the images differ in shape, or a value is no whole number from 0 to 255.
    """
    if table.shape[1] != 1:
        raise ValueError(f"a network of images takes one column; there are {', '.join(map(str, table.columns))}")
    name = str(table.columns[0])
    _, height, width = check_images(table[name].tolist(), f"column {name}").shape
    return ImagePreprocessor(name, height, width, parameters.scale)


def check_images(values: Sequence[Any] | np.ndarray, name: str, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Validate and stack images.

    Args:
        values: 2-D arrays or nested lists of whole numbers from 0 to 255.
        name: what to call their place in errors, as in `mnist.npz, x_train`.
        shape: height and width that each must have; else those of the first.

    Returns:
        uint8 of shape (rows, height, width).

    Raises:
        InvalidTableError: an image of another shape, or a value that is no whole number from 0 to 255; names the rows.
    """
    images = [stack_rows(value) for value in values]
    expected = shape or (images[0].shape if images else (0, 0))
    wanted = f"{expected[0]} x {expected[1]}" if len(expected) == 2 else "height x width"
    fits = [image.ndim == 2 and image.shape == expected and image.dtype.kind in "biuf" for image in images]
    _refuse(fits, name, f"must be images of {wanted} numbers", [str(image.shape) for image in images])
    stacked = np.stack(images) if images else np.zeros((0, *expected), np.uint8)
    if stacked.dtype == np.uint8:
        return stacked
    # In NumPy a comparison with nan is False, so it is refused too.
    in_range = (stacked >= 0) & (stacked <= BRIGHTEST) & (stacked == np.floor(stacked))
    wrong = [str(image[~good][0]) if not good.all() else "" for image, good in zip(stacked, in_range, strict=True)]
    _refuse([not word for word in wrong], name, f"must hold whole numbers from 0 to {BRIGHTEST}", wrong)
    return stacked.astype(np.uint8)


def _refuse(fits: Sequence[bool], name: str, rule: str, found: Sequence[str]) -> None:
    bad = [row for row, fit in enumerate(fits) if not fit]
    if bad:
        rows = ", ".join(str(row + 1) for row in bad[:5])
        raise InvalidTableError(
            f"{name}: {rule} ({len(bad)} of {len(fits)} rows, first {found[bad[0]]!r}; data rows {rows}"
            f"{' ...' if len(bad) > 5 else ''}); mend the file"
        )
