"""The input layers of a network, by modality: columns, images or texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.models.image_encoder import image_inputs
from casebook.models.tabular_inputs import column_inputs
from casebook.models.text_encoder import text_inputs
from casebook.preprocessing.images import ImagePreprocessor
from casebook.preprocessing.tabular import TabularPreprocessor
from casebook.preprocessing.texts import TextPreprocessor

if TYPE_CHECKING:
    from casebook.config.schema import NetworkParameters
    from casebook.preprocessing.modality import Preprocessor


INPUT_BUILDERS: dict[type[Any], Any] = {
    TabularPreprocessor: column_inputs,
    ImagePreprocessor: image_inputs,
    TextPreprocessor: text_inputs,
}


def network_inputs(preprocessor: Preprocessor, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build the inputs and the layers before the hidden layers.

    Returns:
        Keras inputs by the names of the prepared arrays, and the tensor (rows, width) that goes on.
    """
    inputs, values = INPUT_BUILDERS[type(preprocessor)](preprocessor, parameters)
    return inputs, values
