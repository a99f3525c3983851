"""Images as inputs: checks, preprocessing and the layers before the hidden ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import ImagePreprocessingParameters, NetworkParameters
from casebook.models.image_encoder import image_inputs
from casebook.preprocessing.images import ImagePreprocessor, check_images, fit_images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import keras

PARAMETERS = ImagePreprocessingParameters(scale=255.0)


def put_in_cells(*images: object) -> pd.DataFrame:
    cells = np.empty(len(images), dtype=object)
    for row, image in enumerate(images):
        cells[row] = image
    return pd.DataFrame({"image": cells})


@pytest.fixture
def pixels() -> np.ndarray:
    return np.arange(24, dtype=np.uint8).reshape(2, 3, 4) * 11


def test_images_are_stacked_as_bytes_in_the_order_of_the_rows(pixels: np.ndarray) -> None:
    preprocessor = fit_images(put_in_cells(*pixels), PARAMETERS)
    assert preprocessor == ImagePreprocessor("image", height=3, width=4, scale=255.0)
    prepared = preprocessor.prepare(put_in_cells(*pixels[::-1]))
    assert list(prepared) == ["images"]
    assert prepared["images"].dtype == np.uint8
    np.testing.assert_array_equal(prepared["images"], pixels[::-1])


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda image: image.tolist(),
        lambda image: image.astype(float).tolist(),
        lambda image: image.astype(np.int64),
        lambda image: put_in_cells(*image)["image"].to_numpy(),
    ],
    ids=["nested lists", "whole floats", "large integers", "as Parquet gives it back"],
)
def test_other_forms_of_the_same_images_are_prepared_alike(
    pixels: np.ndarray, rewrite: Callable[[np.ndarray], object]
) -> None:
    preprocessor = fit_images(put_in_cells(*pixels), PARAMETERS)
    prepared = preprocessor.prepare(put_in_cells(*map(rewrite, pixels)))["images"]
    assert prepared.dtype == np.uint8
    np.testing.assert_array_equal(prepared, pixels)


def test_the_features_are_the_pixels_row_by_row() -> None:
    assert ImagePreprocessor("image", 2, 2, 255.0).features == ["image_0_0", "image_0_1", "image_1_0", "image_1_1"]


def test_a_preparation_comes_back_from_json(pixels: np.ndarray) -> None:
    preprocessor = fit_images(put_in_cells(*pixels), PARAMETERS)
    assert ImagePreprocessor.from_dict(json.loads(json.dumps(preprocessor.to_dict()))) == preprocessor


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (np.zeros((4, 3)), "must be images of 3 x 4 numbers (1 of 2 rows, first '(4, 3)'; data rows 2); mend the file"),
        (np.zeros(12), "must be images of 3 x 4 numbers (1 of 2 rows, first '(12,)'; data rows 2)"),
        ([[1, 2], [3]], "must be images of 3 x 4 numbers (1 of 2 rows, first '(0,)'; data rows 2)"),
        (None, "must be images of 3 x 4 numbers (1 of 2 rows, first '()'; data rows 2)"),
        ([["a"] * 4] * 3, "must be images of 3 x 4 numbers (1 of 2 rows, first '(3, 4)'; data rows 2)"),
        ([[256, 0, 0, 0]] * 3, "must hold whole numbers from 0 to 255 (1 of 2 rows, first '256'; data rows 2)"),
        ([[0, 0, 0, -1]] * 3, "must hold whole numbers from 0 to 255 (1 of 2 rows, first '-1'; data rows 2)"),
        ([[0.5, 0, 0, 0]] * 3, "must hold whole numbers from 0 to 255 (1 of 2 rows, first '0.5'; data rows 2)"),
        ([[float("nan")] * 4] * 3, "must hold whole numbers from 0 to 255 (1 of 2 rows, first 'nan'; data rows 2)"),
    ],
)
def test_what_is_no_image_of_the_training_shape_is_refused_with_its_row(
    pixels: np.ndarray, second: object, message: str
) -> None:
    preprocessor = fit_images(put_in_cells(*pixels), PARAMETERS)
    with pytest.raises(InvalidTableError) as caught:
        preprocessor.prepare(put_in_cells(pixels[0], second))
    assert str(caught.value).startswith("column image: ")
    assert message in str(caught.value)


def test_of_many_wrong_images_five_rows_are_named() -> None:
    with pytest.raises(InvalidTableError, match=r"7 of 8 rows, first '\(1, 2\)'; data rows 2, 3, 4, 5, 6 \.\.\.\)"):
        check_images([np.zeros((2, 2)), *[np.zeros((1, 2))] * 7], "x")


def test_no_images_make_an_empty_array_of_the_shape() -> None:
    assert check_images([], "x", (28, 28)).shape == (0, 28, 28)


def test_a_second_column_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="takes one column; there are image, digit"):
        fit_images(put_in_cells(*pixels).assign(digit=1), PARAMETERS)


def build(preprocessor: ImagePreprocessor, **network: object) -> keras.Model:
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(3)
    inputs, values = image_inputs(preprocessor, NetworkParameters.model_validate(network))
    return keras.Model(inputs, values)


def test_without_convolutions_the_pixels_are_only_scaled(pixels: np.ndarray) -> None:
    model = build(ImagePreprocessor("image", 3, 4, 255.0))
    np.testing.assert_allclose(model({"images": pixels}).numpy(), pixels.reshape(2, 12) / 255, rtol=1e-6)


def test_the_published_convolutions_leave_25_places_of_64_filters() -> None:
    convolutions = [{"filters": 64, "kernel": 5, "pool": 2}, {"filters": 64, "kernel": 3, "pool": 2}]
    model = build(ImagePreprocessor("image", 28, 28, 255.0), convolutions=convolutions, convolution_dropout=0.25)
    assert model.output_shape == (None, 5 * 5 * 64)
    assert [layer.name for layer in model.layers if layer.weights] == ["convolution_1", "convolution_2"]
    assert model.count_params() == (5 * 5 * 64 + 64) + (3 * 3 * 64 * 64 + 64)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "swish", "prelu"])
def test_a_convolution_is_activated_and_its_squares_keep_their_largest_value(activation: str) -> None:
    import keras

    images = np.random.default_rng(1).integers(0, 256, (3, 5, 5)).astype(np.uint8)
    model = build(
        ImagePreprocessor("image", 5, 5, 255.0),
        convolutions=[{"filters": 2, "kernel": 2, "pool": 2}],
        activation=activation,
    )
    convolved = model.get_layer("convolution_1")(images[..., None].astype(np.float32) / 255)
    # A new PReLU cuts all that is negative, as ReLU does.
    activated = keras.layers.Activation("relu" if activation == "prelu" else activation)(convolved).numpy()
    expected = activated.reshape(3, 2, 2, 2, 2, 2).max(axis=(2, 4)).reshape(3, 8)
    np.testing.assert_allclose(model({"images": images}).numpy(), expected, atol=1e-6)


def test_images_are_moved_in_training_and_stay_put_when_predicting() -> None:
    images = np.zeros((8, 9, 9), np.uint8)
    images[:, 4, 4] = 255
    model = build(ImagePreprocessor("image", 9, 9, 255.0), augment={"shift": 0.3, "rotate": 0.1})
    still = model({"images": images}, training=False).numpy()
    np.testing.assert_allclose(still, images.reshape(8, 81) / 255)
    moved = model({"images": images}, training=True).numpy()
    assert len({tuple(row) for row in moved.round(3)}) > 4
    # 3 pixels at most: hardly any ink comes to the border.
    assert moved.sum() == pytest.approx(8, rel=0.3)
    assert moved.reshape(8, 9, 9)[:, [0, 8]].sum() < 0.02


def test_a_network_with_every_image_layer_can_be_saved_and_loaded(tmp_path: Path) -> None:
    import keras

    images = np.random.default_rng(1).integers(0, 256, (3, 8, 8)).astype(np.uint8)
    model = build(
        ImagePreprocessor("image", 8, 8, 255.0),
        convolutions=[{"filters": 2, "kernel": 3, "pool": 1}, {"filters": 2, "kernel": 3, "pool": 2}],
        augment={"shift": 0.1, "rotate": 0.1},
    )
    model.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    still = [network({"images": images}, training=False).numpy() for network in (again, model)]
    np.testing.assert_allclose(*still)
