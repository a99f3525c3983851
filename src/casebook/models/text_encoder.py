"""Text encoders: word numbers to the values before the hidden layers, by recurrence, filters or averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casebook.preprocessing.texts import PADDING, TOKENS, UNKNOWN

if TYPE_CHECKING:
    from casebook.config.schema import EmbeddingParameters, NetworkParameters
    from casebook.preprocessing.texts import TextPreprocessor


DEFAULT_SIZE = 32


# Grams of words share this many rows of an embedding; the factor, a large prime, lays similar grams far apart.
HASHED_GRAMS, HASH_FACTOR = 1 << 18, 40_503


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
    numbers = _mask_words(tokens, parameters.embedding.category_dropout)
    values = ENCODERS[parameters.encoder.name](numbers, preprocessor, parameters)
    if parameters.encoder.dropout:
        values = layers.Dropout(parameters.encoder.dropout)(values)
    return {TOKENS: tokens}, values


def _mask_words(tokens: Any, share: float) -> Any:  # noqa: ANN401 - symbolic tensors
    """Mask a share of the words as unknown in training, so that the unknown word is trained."""
    from keras import layers, ops

    numbers = ops.cast(tokens, "int32")
    if not share:
        return numbers
    kept = layers.Dropout(share, dtype="float32", name="hiding")(ops.ones_like(numbers, dtype="float32"))
    return ops.where(kept > 0, numbers, ops.minimum(numbers, UNKNOWN))


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
    """Encode the words by the mean of their embeddings, and of hashed n-grams of up to `kernel` words."""
    from keras import layers, ops

    known = ops.cast(numbers > PADDING, "float32")
    means = [_mean(_embed(numbers, preprocessor.vocabulary_size, parameters.embedding, "words"), known)]
    grams = numbers
    for words in range(2, parameters.encoder.kernel + 1):
        # Padding is at the front: an n-gram whose first word is padding is padding.
        here = numbers[:, words - 1 :]
        grams = ops.mod(grams[:, :-1] * HASH_FACTOR + here, HASHED_GRAMS)
        values = _embed(grams, HASHED_GRAMS, parameters.embedding, f"grams_{words}")
        means.append(_mean(values, known[:, : 1 - words]))
    return layers.Concatenate()(means) if len(means) > 1 else means[0]


def _mean(values: Any, known: Any) -> Any:  # noqa: ANN401 - symbolic tensors
    """Compute the mean over the places that hold a word; 0 where none does; (rows, width)."""
    from keras import ops

    total = ops.einsum("rlv,rl->rv", values, ops.cast(known, values.dtype))
    count = ops.maximum(ops.sum(known, axis=1, keepdims=True), 1.0)
    return total / ops.cast(count, values.dtype)


ENCODERS = {
    "lstm": _encode_recurrent,
    "gru": _encode_recurrent,
    "cnn": _encode_convolutional,
    "average": _encode_average,
}
