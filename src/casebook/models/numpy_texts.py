"""Steps of networks of texts in NumPy, see `numpy_network`; and hashes of n-grams, which Keras computes by them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

# Embedded n-grams share so many rows; the factor, a large prime, lays similar grams far apart.
HASHED_GRAMS, HASH_FACTOR = 1 << 18, 40_503
# Rows of the table of the weights of n-grams, and the prime by which they are spread over it.
BUCKETS, GRAM_PRIME = 1 << 22, 1_000_003

Step = dict[str, Any]
Values = dict[str, np.ndarray]


def hash_pairs(grams: Any, numbers: Any) -> Any:  # noqa: ANN401 - arrays, or tensors
    """Hash each n-gram with the word that follows it.

    Args:
        grams: int32 of shape (rows, places).
        numbers: of words, int32 of shape (rows, length); the first n-gram begins at the first of them.

    Returns:
        int32 of shape (rows, places - 1); its overflow is meant.
    """
    here = numbers[:, numbers.shape[1] - grams.shape[1] + 1 :]
    return (grams[:, :-1] * HASH_FACTOR + here) % HASHED_GRAMS


def hash_grams(numbers: Any, known: Any, words: int) -> list[Any]:  # noqa: ANN401 - arrays, or tensors
    """Hash the n-grams of up to so many words to places in a table of `BUCKETS` rows.

    Args:
        numbers: of words, int64 of shape (rows, length), filled up with 0 at the front.
        known: 1 where there is a word, 0 for padding; of the same type.
        words: of the longest n-grams.

    Returns:
        int64 of shape (rows, length), (rows, length - 1) ...; 0 where an n-gram begins with padding.
    """
    found = [numbers * GRAM_PRIME % BUCKETS]
    for count in range(1, min(words, numbers.shape[1])):
        found.append((found[-1][:, :-1] * GRAM_PRIME + numbers[:, count:] + count) % BUCKETS)
    return [grams * known[:, : grams.shape[1]] for grams in found]


def find_grams(tokens: np.ndarray, words: int) -> np.ndarray:
    """Find the distinct n-grams of texts.

    Args:
        tokens: numbers of words, (rows, length), filled up with 0 at the front.
        words: of the longest n-grams.

    Returns:
        Their places by `hash_grams`, int64 of shape (rows, places): ascending, 0 for none and for a repeated one.
    """
    numbers = tokens.astype(np.int64)
    grams = np.sort(np.concatenate(hash_grams(numbers, (numbers > 0).astype(np.int64), words), axis=1), axis=1)
    repeated = grams[:, 1:] == grams[:, :-1]
    grams[:, 1:][repeated] = 0
    return grams


def _word_means(step: Step, _weights: Values) -> Callable[..., np.ndarray]:
    ends = step["ends"]

    def average(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        known = (numbers[:, : values.shape[1]] > 0).astype(np.float32)
        parts = [known]
        if ends:
            last = known.copy()
            last[:, : max(0, known.shape[1] - ends)] = 0
            parts += [known * (np.cumsum(known, axis=1) <= ends), last]
        return np.concatenate([_mean(values, part) for part in parts], axis=1)

    return average


def _mean(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    total = np.einsum("rlv,rl->rv", values, known)
    found: np.ndarray = total / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return found


def _wide_grams(step: Step, weights: Values) -> Callable[..., np.ndarray]:
    table = weights["scales"] * weights["kernel"]
    return lambda tokens: table[find_grams(tokens, step["words"])].sum(axis=1)


TEXT_STEPS: dict[str, Callable[[Step, Values], Callable[..., np.ndarray]]] = {
    "word_numbers": lambda _step, _weights: lambda tokens: tokens.astype(np.int32),
    "hashed_pairs": lambda _step, _weights: hash_pairs,
    "word_means": _word_means,
    "wide_grams": _wide_grams,
}
