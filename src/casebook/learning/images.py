"""Images as inputs: arrays of grey values, scaled and shifted inside the network, and its convolutions.

The pixels stay bytes until they are inside the network, so a prepared image takes a quarter of a float's room.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.learning.columns import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from casebook.parameters import ImagePreparationParameters, NetworkParameters
    from casebook.parameters.training import AugmentParameters

IMAGES = "images"
BRIGHTEST = 255
RISING = frozenset({"relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid", "linear"})


@dataclass(frozen=True)
class ImagePreparation:
    """What is fixed by the training images: the column, the shape of every image and the scale of its values."""

    name: str
    height: int
    width: int
    scale: float

    @property
    def column_names(self) -> list[str]:
        """Name of the one feature column that it prepares."""
        return [self.name]

    @property
    def feature_count(self) -> int:
        """Number of features that a network sees."""
        return len(self.features)

    @property
    def features(self) -> list[str]:
        """Name the pixels, row by row."""
        return [f"{self.name}_{row}_{column}" for row in range(self.height) for column in range(self.width)]

    def prepare(self, table: pd.DataFrame) -> dict[str, np.ndarray]:
        """Stack the column's images: `images`, uint8 of shape (rows, height, width).

        Raises:
            InvalidTableError: an image of another shape, or a value that is no whole number from 0 to 255.
        """
        column = table[self.name]
        return {IMAGES: check_images(column.tolist(), f"column {self.name}", (self.height, self.width))}

    def to_dict(self) -> dict[str, Any]:
        """Give what `from_dict` rebuilds the preparation from."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> ImagePreparation:
        """Rebuild a preparation."""
        return cls(**facts)


def fit_images(table: pd.DataFrame, parameters: ImagePreparationParameters) -> ImagePreparation:
    """Take the shape of the training images.

    Args:
        table: training rows with one column, whose cells are 2-D arrays or nested lists.
        parameters: the case's `preparation` block.

    Raises:
        ValueError: the table has another number of columns than one.
        InvalidTableError: the images differ in shape, or a value is no whole number from 0 to 255.
    """
    if table.shape[1] != 1:
        raise ValueError(f"a network of images takes one column; there are {', '.join(map(str, table.columns))}")
    name = str(table.columns[0])
    _, height, width = check_images(table[name].tolist(), f"column {name}").shape
    return ImagePreparation(name, height, width, parameters.scale)


def check_images(values: Sequence[Any] | np.ndarray, name: str, shape: tuple[int, int] | None = None) -> np.ndarray:
    """Stack images, refusing what is none.

    Args:
        values: 2-D arrays or nested lists of whole numbers from 0 to 255.
        name: what to call their place in errors, as in `mnist.npz, x_train`.
        shape: height and width that each must have; else those of the first.

    Returns:
        uint8 of shape (rows, height, width).

    Raises:
        InvalidTableError: an image of another shape, or a value that is no whole number from 0 to 255; names the rows.
    """
    images = [_as_array(value) for value in values]
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


def _as_array(value: Any) -> np.ndarray:  # noqa: ANN401 - whatever a request holds
    """Make an array of nested lists; of rows that differ in length, one of objects, which is refused later."""
    try:
        array = np.asarray(value)
        # Parquet gives an image back as an array of rows.
        return np.stack(list(array)) if array.dtype.kind == "O" and array.ndim == 1 and len(array) else array
    except ValueError:
        return np.zeros(0, dtype=object)


def _refuse(fits: Sequence[bool], name: str, rule: str, found: Sequence[str]) -> None:
    bad = [row for row, fit in enumerate(fits) if not fit]
    if bad:
        rows = ", ".join(str(row + 1) for row in bad[:5])
        raise InvalidTableError(
            f"{name}: {rule} ({len(bad)} of {len(fits)} rows, first {found[bad[0]]!r}; data rows {rows}"
            f"{' ...' if len(bad) > 5 else ''}); mend the file"
        )


def image_inputs(preparation: ImagePreparation, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build the part of a network between the pixels and the hidden layers.

    Args:
        preparation: says the shape and the scale.
        parameters: the `training.network` block; a convolution keeps no border (28 x 28 and kernel 5 give 24 x 24).

    Returns:
        The input by name, uint8 of shape (rows, height, width), and the symbolic tensor (rows, values).
    """
    from keras import Input, layers

    pixels = Input((preparation.height, preparation.width), dtype="uint8", name=IMAGES)
    values = layers.Rescaling(1 / preparation.scale, name="scaling")(pixels)
    values = layers.Reshape((preparation.height, preparation.width, 1), name="channel")(values)
    values = _augment(values, parameters.augment)
    for number, convolution in enumerate(parameters.convolutions, 1):
        values = layers.Conv2D(
            convolution.filters,
            convolution.kernel,
            kernel_initializer=parameters.initializer,
            bias_initializer=parameters.bias_initializer,
            name=f"convolution_{number}",
        )(values)
        # Where the activation rises, the largest value is the same before and after it, for a quarter of the work.
        steps = [_pool(convolution.pool), _activate(parameters.activation)]
        for step in steps if parameters.activation in RISING else reversed(steps):
            values = step(values)
    if parameters.convolution_dropout:
        values = layers.Dropout(parameters.convolution_dropout)(values)
    return {IMAGES: pixels}, layers.Flatten()(values)


def _pool(side: int) -> Any:  # noqa: ANN401 - a layer, which Keras leaves untyped
    from keras import layers

    return layers.MaxPooling2D(side) if side > 1 else layers.Identity()


def _activate(name: str) -> Any:  # noqa: ANN401 - a layer
    from keras import layers

    return layers.PReLU() if name == "prelu" else layers.Activation(name)


def _augment(values: Any, parameters: AugmentParameters) -> Any:  # noqa: ANN401 - symbolic tensors
    """Move training images at random; the border that comes in is empty. Nothing happens when predicting."""
    from keras import layers

    # Both in float32: the sampling knows no half precision.
    if parameters.rotate:
        values = layers.RandomRotation(parameters.rotate, fill_mode="constant", dtype="float32")(values)
    if parameters.shift:
        move = layers.RandomTranslation(parameters.shift, parameters.shift, fill_mode="constant", dtype="float32")
        values = move(values)
    return values
