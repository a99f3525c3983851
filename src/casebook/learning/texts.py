"""Texts as inputs: words as numbers by a vocabulary of the training texts, and the encoders that read them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.learning.columns import InvalidTableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from casebook.parameters import EmbeddingParameters, NetworkParameters, TextPreparationParameters

TOKENS = "tokens"
PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2
BREAK = re.compile(r"<br\s*/?>")
WORD = re.compile(r"\w+(?:'\w+)*")
DEFAULT_SIZE = 32
# Grams of words share this many rows of an embedding; the factor, a large prime, lays similar grams far apart.
HASHED_GRAMS, HASH_FACTOR = 1 << 18, 40_503


def split_words(text: str) -> list[str]:
    """Split a text into lower-case words; apostrophes within a word stay, HTML breaks go.

    >>> split_words("Don't go!<br /><br />'Never' again.")
    ["don't", 'go', 'never', 'again']
    """
    return WORD.findall(BREAK.sub(" ", text.lower()))


@dataclass(frozen=True)
class TextPreparation:
    """What is learnt from the training texts: which words are known. Word i of `words` has the number i + 2."""

    name: str
    words: list[str]
    length: int

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
        """Name the places of a prepared text."""
        return [f"{self.name}_{place}" for place in range(self.length)]

    @property
    def numbers(self) -> int:
        """How many different numbers a word can have, padding and unknown included."""
        return len(self.words) + FIRST_WORD

    @property
    def dtype(self) -> str:
        """Smallest type that holds all numbers."""
        return "uint16" if self.numbers <= np.iinfo(np.uint16).max + 1 else "int32"

    def prepare(self, table: pd.DataFrame) -> dict[str, np.ndarray]:
        """Turn each text into the numbers of its last words.

        Returns:
            `tokens` of shape (rows, length): 0 fills up at the front, 1 is an unknown word, 2 the most frequent one.

        Raises:
            InvalidTableError: a value that is no text or has nothing but blanks.
        """
        check_texts(table[self.name], f"column {self.name}")
        known = _Numbers(zip(self.words, range(FIRST_WORD, self.numbers), strict=True))
        tokens = np.full((len(table), self.length), PADDING, dtype=self.dtype)
        for row, text in enumerate(table[self.name]):
            words = split_words(text)[-self.length :]
            if words:
                tokens[row, -len(words) :] = list(map(known.__getitem__, words))
        return {TOKENS: tokens}

    def to_dict(self) -> dict[str, Any]:
        """Give what `from_dict` rebuilds the preparation from."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> TextPreparation:
        """Rebuild a preparation."""
        return cls(**facts)


class _Numbers(dict[str, int]):
    """Numbers by word; what is not there is unknown, and not remembered."""

    def __missing__(self, word: str) -> int:
        return UNKNOWN


def fit_texts(table: pd.DataFrame, parameters: TextPreparationParameters) -> TextPreparation:
    """Learn the vocabulary: the most frequent words of the training texts, ties in alphabetical order.

    Args:
        table: training rows with one column of texts.
        parameters: the case's `preparation` block.

    Raises:
        ValueError: the table has another number of columns than one, or the texts hold no word.
    """
    if table.shape[1] != 1:
        raise ValueError(f"a network of texts takes one column; there are {', '.join(map(str, table.columns))}")
    name = str(table.columns[0])
    words = count_words(table[name])
    if not words:
        raise ValueError(f"{name}: the training texts hold no word; there is nothing to learn a vocabulary from")
    ranked = sorted(words, key=lambda word: (-words[word], word))
    return TextPreparation(name, ranked[: parameters.vocabulary], parameters.length)


def check_texts(column: pd.Series, name: str) -> None:
    """Refuse values that are no texts and texts that hold nothing.

    Args:
        column: what should be texts.
        name: what to call its place in errors, as in `train.parquet, column text`.

    Raises:
        InvalidTableError: names the rule, the count and the first row.
    """
    texts = [isinstance(value, str) for value in column]
    _refuse([not fits for fits in texts], column, f"{name}: must be texts")
    _refuse([not value.strip() for value in column], column, f"{name}: must not be empty")


def _refuse(wrong: list[bool], column: pd.Series, rule: str) -> None:
    if any(wrong):
        first = wrong.index(True)
        raise InvalidTableError(
            f"{rule} ({sum(wrong)} of {len(wrong)} rows, first {column.iloc[first]!r} in data row {first + 1}); "
            "mend the file"
        )


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the words of all texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(split_words(text))
    return counts


def text_inputs(preparation: TextPreparation, parameters: NetworkParameters) -> tuple[dict[str, Any], Any]:
    """Build the part of a network between the word numbers and the hidden layers.

    Args:
        preparation: says how many words there are and how long a text is.
        parameters: the `training.network` block.

    Returns:
        The input by name, (rows, length), and the symbolic tensor (rows, values).
    """
    from keras import Input, layers

    tokens = Input((preparation.length,), dtype=preparation.dtype, name=TOKENS)
    numbers = _hide_words(tokens, parameters.embedding.unknown_share)
    values = ENCODERS[parameters.encoder.name](numbers, preparation, parameters)
    if parameters.encoder.dropout:
        values = layers.Dropout(parameters.encoder.dropout)(values)
    return {TOKENS: tokens}, values


def _hide_words(tokens: Any, share: float) -> Any:  # noqa: ANN401 - symbolic tensors
    """Show a share of the words as unknown in training, so that the unknown has a meaning when predicting."""
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


def _read_in_order(numbers: Any, preparation: TextPreparation, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - symbolic tensors
    """Read word after word with a recurrent layer and keep its last state."""
    from keras import layers

    kinds = {"lstm": layers.LSTM, "gru": layers.GRU}
    recurrent = kinds[parameters.encoder.name](parameters.encoder.units, name=parameters.encoder.name)
    return recurrent(_embed(numbers, preparation.numbers, parameters.embedding, "words"))


def _read_by_filters(numbers: Any, preparation: TextPreparation, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - symbolic tensors
    """Slide filters over the words and keep the largest value of each."""
    from keras import layers

    settings = parameters.encoder
    filters = layers.Conv1D(settings.units, settings.kernel, activation=parameters.activation, name="filters")
    values = filters(_embed(numbers, preparation.numbers, parameters.embedding, "words"))
    return layers.GlobalMaxPooling1D()(values)


def _average(numbers: Any, preparation: TextPreparation, parameters: NetworkParameters) -> Any:  # noqa: ANN401 - symbolic tensors
    """Average the embeddings of the words, and of grams of up to `kernel` neighbours hashed into one table."""
    from keras import layers, ops

    known = ops.cast(numbers > PADDING, "float32")
    means = [_mean(_embed(numbers, preparation.numbers, parameters.embedding, "words"), known)]
    grams = numbers
    for words in range(2, parameters.encoder.kernel + 1):
        # Padding stands at the front: a gram whose first word is none is none.
        here = numbers[:, words - 1 :]
        grams = ops.mod(grams[:, :-1] * HASH_FACTOR + here, HASHED_GRAMS)
        values = _embed(grams, HASHED_GRAMS, parameters.embedding, f"grams_{words}")
        means.append(_mean(values, known[:, : 1 - words]))
    return layers.Concatenate()(means) if len(means) > 1 else means[0]


def _mean(values: Any, known: Any) -> Any:  # noqa: ANN401 - symbolic tensors
    """Average over the places that hold a word; 0 where none does."""
    from keras import ops

    total = ops.einsum("rlv,rl->rv", values, ops.cast(known, values.dtype))
    count = ops.maximum(ops.sum(known, axis=1, keepdims=True), 1.0)
    return total / ops.cast(count, values.dtype)


ENCODERS = {"lstm": _read_in_order, "gru": _read_in_order, "cnn": _read_by_filters, "average": _average}
