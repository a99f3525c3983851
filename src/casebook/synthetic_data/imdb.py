"""Synthetic sample in place of the IMDB reviews: opinions, some of them negated, among words about films."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILES = ("train.parquet", "test.parquet")
# How often an opinion of a positive review is a good one, and of a negative one a bad one.
FITTING_SHARE = 0.75
NEGATED_SHARE = 0.2
GOOD = (
    "good", "great", "wonderful", "excellent", "brilliant", "superb", "moving", "funny", "charming", "gripping",
    "beautiful", "perfect", "touching", "clever", "memorable", "delightful", "fresh", "stunning", "honest", "warm",
)  # fmt: skip
BAD = (
    "bad", "awful", "terrible", "boring", "dull", "poor", "stupid", "predictable", "clumsy", "tedious",
    "annoying", "weak", "pointless", "ugly", "lazy", "hollow", "messy", "flat", "silly", "painful",
)  # fmt: skip
THINGS = (
    "acting", "story", "music", "script", "ending", "cast", "camera", "dialogue", "plot", "humour", "pace", "editing",
    "opening", "hero", "villain", "direction", "scenery", "soundtrack", "romance", "chase", "first half", "last scene",
)  # fmt: skip
OPINIONS = ("The {thing} is {word}.", "I found the {thing} {word}!", "What we get is {word} {thing}...",
            "It's got {word} {thing}, really.", "My friends called the {thing} '{word}'.")  # fmt: skip
FACTS = (
    "It was filmed in {place} in {year}.", "We saw it on {day} with the family.", "It runs for {minutes} minutes.",
    "The director had made {count} films before.", "Somebody in {place} told me about it.", "It isn't out on DVD yet.",
    "There's a sequel planned for {year}.", "A man comes home to {place} after {count} years.",
    "They don't show it on television.", "I've read the book, which has {minutes} pages.",
)  # fmt: skip
PLACES = ("Rome", "Berlin", "Chicago", "Lima", "Oslo", "Tokyo", "a small village", "Cairo", "Texas", "the Alps")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Sample:
    """Generated tables and what their generator knows.

    Attributes:
        tables: By file name, `text` and `label` (1 is positive).
        balance: Good opinions less bad ones of each test review; shape (test reviews,).
    """

    tables: dict[str, pd.DataFrame]
    balance: NDArray[np.int64]


def generate_sample(train: int, test: int, seed: int) -> Sample:
    """Generate reviews whose opinions lean to their label.

    Args:
        train: Number of training reviews, at least 100.
        test: Number of test reviews, at least 50.
        seed: The same seed gives the same sample.

    Raises:
        ValueError: A part would be too small to be divided.
    """
    if train < 100 or test < 50:
        raise ValueError(f"train is {train} and test {test}: a sample needs at least 100 and 50 reviews")
    rng = np.random.default_rng(seed)
    tables, balances = {}, []
    for file, size in zip(FILES, (train, test), strict=True):
        labels = rng.permutation(np.arange(size) % 2)
        written = [write_review(bool(label), rng) for label in labels]
        texts = pd.Series([text for text, _ in written], dtype="str")
        tables[file] = pd.DataFrame({"text": texts, "label": labels.astype(np.int64)})
        balances.append(np.array([balance for _, balance in written], dtype=np.int64))
    return Sample(tables, balances[-1])


def write_review(positive: bool, rng: np.random.Generator) -> tuple[str, int]:
    """Generate one review -> its text and how many more good opinions than bad ones it holds."""
    opinions = int(rng.integers(2, 9))
    good = (rng.random(opinions) < FITTING_SHARE) == positive
    sentences = [write_opinion(bool(each), rng) for each in good]
    sentences += [write_fact(rng) for _ in range(int(rng.integers(3, 15)))]
    order = rng.permutation(len(sentences))
    half = len(order) // 2
    paragraphs = [" ".join(sentences[place] for place in part) for part in (order[:half], order[half:])]
    return "<br /><br />".join(paragraphs), int(2 * good.sum()) - opinions


def write_opinion(good: bool, rng: np.random.Generator) -> str:
    """Generate a good or bad opinion; a negated word of the other sort expresses it too."""
    negated = bool(rng.random() < NEGATED_SHARE)
    word = _choose(GOOD if good != negated else BAD, rng)
    return _choose(OPINIONS, rng).format(thing=_choose(THINGS, rng), word=f"not {word}" if negated else word)


def write_fact(rng: np.random.Generator) -> str:
    """Generate a phrase without an opinion."""
    return _choose(FACTS, rng).format(
        place=_choose(PLACES, rng),
        day=_choose(DAYS, rng),
        year=rng.integers(1930, 2011),
        minutes=rng.integers(70, 190),
        count=rng.integers(2, 30),
    )


def _choose(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]


def best_reachable(sample: Sample) -> dict[str, dict[str, float]]:
    """Compute the expected accuracy of counting good and bad opinions, the only signal of a review."""
    odds = (FITTING_SHARE / (1 - FITTING_SHARE)) ** sample.balance.astype(np.float64)
    probability = odds / (1 + odds)
    return {"given": {"accuracy": float(np.maximum(probability, 1 - probability).mean())}}


def write_sample(sample: Sample, folder: Path) -> None:
    """Write both tables in the form of the original files.

    Args:
        sample: What `generate_sample` gave.
        folder: Where the files go; made where missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file, table in sample.tables.items():
        table.to_parquet(folder / file, index=False)
