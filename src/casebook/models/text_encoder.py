"""Text encoders: word numbers to the values before the hidden layers, by recurrence, filters or averages."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from casebook.models.numpy_texts import HASHED_GRAMS
from casebook.preprocessing.texts import TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    import numpy as np

    from casebook.config.schema import EmbeddingParameters, NetworkParameters
    from casebook.preprocessing.texts import TextPreprocessor


DEFAULT_SIZE = 32
WIDE_LAYER = "wide"


def text_inputs(preprocessor: TextPreprocessor, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build the part of a network between the word numbers and the hidden layers.

    Args:
        preprocessor: its vocabulary and length of texts.
        parameters: the `training.network` block.

    Returns:
        The input by name, (rows, length), and the symbolic tensor (rows, values).
    """
    from keras import Input, layers

    tokens = Input((preprocessor.length,), dtype=preprocessor.dtype, name=TOKENS)
    numbers = text_layers().WordNumbers(parameters.embedding.category_dropout, name="numbers")(tokens)
    values = ENCODERS[parameters.encoder.name](numbers, preprocessor, parameters)
    if parameters.encoder.dropout:
        values = layers.Dropout(parameters.encoder.dropout)(values)
    return {TOKENS: tokens}, values


def wide_values(inputs: Mapping[str, Any], parameters: NetworkParameters, outputs: int) -> Any:  # noqa: ANN401 - a symbolic tensor
    """Build the wide part, whose values meet those of the hidden layers at the output; (rows, outputs)."""
    settings = parameters.encoder
    options = {"dropout": settings.wide_dropout, "l2": settings.wide_l2, "name": WIDE_LAYER}
    return text_layers().WideGrams(settings.wide_words, outputs, **options)(inputs[TOKENS])


def adapt_wide(network: keras.Model, train: Mapping[str, np.ndarray]) -> None:
    """Adapt the scales of a wide part to the training texts and their classes; other networks are unchanged.

    Args:
        network: changed in place.
        train: `tokens` of the training rows, and `target`; where those are real numbers all scales stay 1.
    """
    wide = next((layer for layer in network.layers if layer.name == WIDE_LAYER), None)
    if wide is not None and train["target"].dtype.kind == "u":
        wide.adapt(train[TOKENS], train["target"])


@cache
def text_layers() -> Any:  # noqa: ANN401 - a module
    """Import the layers of texts, on first use."""
    # By this module's own package: inside a logged model that is the model's copy.
    return import_module(".text_layers", __package__)


def _embed(numbers: Any, rows: int, parameters: EmbeddingParameters, name: str) -> Any:  # noqa: ANN401 - symbolic tensors
    from keras import layers, regularizers

    penalty = regularizers.L2(parameters.l2) if parameters.l2 else None
    size = parameters.size or DEFAULT_SIZE
    values = layers.Embedding(rows, size, embeddings_regularizer=penalty, name=name)(numbers)
    return layers.Dropout(parameters.dropout)(values) if parameters.dropout else values


def _encode_recurrent(numbers: Any, preprocessor: TextPreprocessor, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - symbolic tensors
    """Encode the words by a recurrent layer's last state -> (rows, width)."""
    from keras import layers

    kinds = {"lstm": layers.LSTM, "gru": layers.GRU}
    recurrent = kinds[parameters.encoder.name](parameters.encoder.units, name=parameters.encoder.name)
    return recurrent(_embed(numbers, preprocessor.vocabulary_size, parameters.embedding, "words"))


def _encode_convolutional(numbers: Any, preprocessor: TextPreprocessor, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - symbolic tensors
    """Encode the words by convolutions and global max pooling -> (rows, filters)."""
    from keras import layers

    settings = parameters.encoder
    filters = layers.Conv1D(settings.units, settings.kernel, activation=parameters.activation, name="filters")
    values = filters(_embed(numbers, preprocessor.vocabulary_size, parameters.embedding, "words"))
    return layers.GlobalMaxPooling1D()(values)


def _encode_average(numbers: Any, preprocessor: TextPreprocessor, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - symbolic tensors
    """Encode the words by means of their embeddings, and of those of hashed n-grams of up to `kernel` words."""
    from keras import layers

    own, settings = text_layers(), parameters.encoder
    words = _embed(numbers, preprocessor.vocabulary_size, parameters.embedding, "words")
    means = [own.WordMeans(settings.ends, name="mean_words")(words, numbers)]
    grams = numbers
    for count in range(2, settings.kernel + 1):
        grams = own.HashedPairs(name=f"hashed_{count}")(grams, numbers)
        values = _embed(grams, HASHED_GRAMS, parameters.embedding, f"grams_{count}")
        means.append(own.WordMeans(name=f"mean_grams_{count}")(values, numbers))
    return layers.Concatenate()(means) if len(means) > 1 else means[0]


ENCODERS = {
    "lstm": _encode_recurrent,
    "gru": _encode_recurrent,
    "cnn": _encode_convolutional,
    "average": _encode_average,
}
