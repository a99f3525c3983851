"""Preprocessing of texts: words as numbers by a vocabulary of the training texts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.column_types.kinds import COLUMN_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from casebook.config.schema import TextPreprocessingParameters

TOKENS = "tokens"
PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2
BREAK = re.compile(r"<br\s*/?>")
WORD = re.compile(r"\w+(?:'\w+)*")


def split_words(text: str) -> list[str]:
    """Split a text into lower-case words; apostrophes within a word stay, HTML breaks go.

    >>> split_words("Don't go!<br /><br />'Never' again.")
    ["don't", 'go', 'never', 'again']
    """
    return WORD.findall(BREAK.sub(" ", text.lower()))


@dataclass(frozen=True)
class TextPreprocessor:
    """Fitted preprocessor of texts: its vocabulary. Word i of `words` has the number i + 2."""

    name: str
    words: list[str]
    length: int

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
        """List the names of the places of a prepared text."""
        return [f"{self.name}_{place}" for place in range(self.length)]

    @property
    def vocabulary_size(self) -> int:
        """Return how many different numbers a word can have, padding and unknown included."""
        return len(self.words) + FIRST_WORD

    @property
    def dtype(self) -> str:
        """Return the smallest type that holds all numbers."""
        return "uint16" if self.vocabulary_size <= np.iinfo(np.uint16).max + 1 else "int32"

    def prepare(self, table: pd.DataFrame) -> dict[str, np.ndarray]:
        """Encode each text as the numbers of its last words.

        Returns:
            `tokens` of shape (rows, length): 0 fills up at the front, 1 is an unknown word, 2 the most frequent one.

        Raises:
            InvalidTableError: a value that is no text or has nothing but blanks.
        """
        COLUMN_TYPES["string"].parse_column(table[self.name], f"column {self.name}")
        known = _WordNumbers(zip(self.words, range(FIRST_WORD, self.vocabulary_size), strict=True))
        tokens = np.full((len(table), self.length), PADDING, dtype=self.dtype)
        for row, text in enumerate(table[self.name]):
            words = split_words(text)[-self.length :]
            if words:
                tokens[row, -len(words) :] = list(map(known.__getitem__, words))
        return {TOKENS: tokens}

    def to_dict(self) -> dict[str, Any]:
        """Return the plain values that `from_dict` rebuilds the preprocessor from."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> TextPreprocessor:
        """Rebuild a preprocessor."""
        return cls(**facts)


class _WordNumbers(dict[str, int]):
    """Numbers by word; a missing word is unknown, and not stored."""

    def __missing__(self, word: str) -> int:
        return UNKNOWN


def fit_texts(table: pd.DataFrame, parameters: TextPreprocessingParameters) -> TextPreprocessor:
    """Fit the vocabulary: the most frequent words of the training texts, ties in alphabetical order.

    Args:
        table: training rows with one column of texts.
        parameters: the case's `preprocessing` block.

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
    return TextPreprocessor(name, ranked[: parameters.vocabulary], parameters.length)


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the words of all texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(split_words(text))
    return counts
