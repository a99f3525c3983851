"""The convolutional part of a network of images: from pixels to the values before the hidden layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.preprocessing.images import IMAGES

if TYPE_CHECKING:
    from casebook.config.schema import NetworkParameters
    from casebook.config.schema.training import AugmentParameters
    from casebook.preprocessing.images import ImagePreprocessor


MONOTONIC_ACTIVATIONS = frozenset({"relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid", "linear"})


def image_inputs(preprocessor: ImagePreprocessor, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build the part of a network between the pixels and the hidden layers.

    Args:
        preprocessor: its images' shape and scale.
        parameters: the `training.network` block; a convolution keeps no border (28 x 28 and kernel 5 give 24 x 24).

    Returns:
        The input by name, uint8 of shape (rows, height, width), and the symbolic tensor (rows, values).
    """
    from keras import Input, layers

    pixels = Input((preprocessor.height, preprocessor.width), dtype="uint8", name=IMAGES)
    values = layers.Rescaling(1 / preprocessor.scale, name="scaling")(pixels)
    values = layers.Reshape((preprocessor.height, preprocessor.width, 1), name="channel")(values)
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
        for step in steps if parameters.activation in MONOTONIC_ACTIVATIONS else reversed(steps):
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
    """Augment training images at random, with an empty border. Predictions are not augmented."""
    from keras import layers

    # Both in float32: the sampling knows no half precision.
    if parameters.rotate:
        values = layers.RandomRotation(parameters.rotate, fill_mode="constant", dtype="float32")(values)
    if parameters.shift:
        move = layers.RandomTranslation(parameters.shift, parameters.shift, fill_mode="constant", dtype="float32")
        values = move(values)
    return values
