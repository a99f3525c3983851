"""Synthetic sample in place of bank.csv: same columns, forms and shares, a known truth.

Shares and quantiles were measured on the original and rounded; no row of it is kept. The columns are drawn
independently, but for those that say the same thing (poutcome, pdays, previous); the answer follows a logistic model
of them, so that its probability is known for every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "bank.csv"
MIN_CLIENTS = 200
COLUMNS = (
    "age", "job", "marital", "education", "default", "balance", "housing", "loan", "contact", "day", "month",
    "duration", "campaign", "pdays", "previous", "poutcome", "deposit",
)  # fmt: skip
# Of each category its share in thousandths and what it adds to the score.
Effects = dict[str, tuple[int, float]]
CATEGORIES: dict[str, Effects] = {
    "job": {
        "management": (230, 0.0), "blue-collar": (174, -0.3), "technician": (163, 0.0), "admin.": (119, 0.1),
        "services": (83, -0.2), "retired": (70, 0.5), "self-employed": (36, 0.0), "student": (32, 0.8),
        "unemployed": (32, 0.3), "entrepreneur": (29, -0.3), "housemaid": (25, -0.3), "unknown": (7, 0.0),
    },
    "marital": {"married": (569, -0.1), "single": (315, 0.2), "divorced": (116, 0.0)},
    "education": {"secondary": (491, 0.0), "tertiary": (330, 0.3), "primary": (134, -0.3), "unknown": (45, 0.1)},
    "default": {"no": (985, 0.0), "yes": (15, -0.4)},
    "housing": {"no": (527, 0.3), "yes": (473, -0.5)},
    "loan": {"no": (869, 0.0), "yes": (131, -0.6)},
    "contact": {"cellular": (721, 0.3), "unknown": (210, -1.3), "telephone": (69, 0.2)},
    "month": {
        "may": (253, -0.5), "aug": (136, -0.5), "jul": (136, -0.6), "jun": (109, 0.5), "nov": (84, -0.5),
        "apr": (83, 0.4), "feb": (70, 0.2), "oct": (35, 1.4), "jan": (31, -0.7), "sep": (28, 1.5),
        "mar": (25, 2.0), "dec": (10, 2.0),
    },
    "poutcome": {"unknown": (746, 0.0), "failure": (110, 0.0), "success": (96, 2.3), "other": (48, 0.2)},
}  # fmt: skip
# Quantiles of the numbers; between two of them values are spread evenly.
PROBABILITIES = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)
QUANTILES: dict[str, tuple[int, ...]] = {
    "age": (18, 22, 26, 28, 32, 39, 49, 58, 61, 77, 95),
    "balance": (-3_000, -520, -55, 0, 120, 550, 1_710, 3_900, 6_030, 13_200, 50_000),
    "day": (1, 1, 3, 4, 8, 15, 22, 28, 30, 31, 31),
    "duration": (2, 14, 51, 77, 138, 255, 496, 838, 1_080, 1_580, 3_900),
    "campaign": (1, 1, 1, 1, 1, 2, 3, 5, 7, 13, 60),
    "pdays": (1, 30, 75, 87, 98, 182, 286, 360, 392, 550, 850),
    "previous": (1, 1, 1, 1, 1, 2, 4, 7, 9, 15, 58),
}
# How much the effects together decide, so that as much can be reached as on the original.
STEEPNESS, INTERCEPT = 1.8, -10.0
DURATIONS = 200


@dataclass(frozen=True)
class Sample:
    """A generated sample.

    Attributes:
        table: what the file holds.
        probability: of the answer yes, for each row, given all columns.
        blind_probability: the same when the call's duration is not known.
    """

    table: pd.DataFrame
    probability: np.ndarray
    blind_probability: np.ndarray


def generate_sample(clients: int, seed: int) -> Sample:
    """Generate a sample; the same arguments give the same sample.

    Args:
        clients: rows.
        seed: seed of everything drawn.

    Returns:
        The table, in the order of the original: first who said yes, then who said no.

    Raises:
        ValueError: there are fewer than 200 clients.
    """
    if clients < MIN_CLIENTS:
        raise ValueError(f"clients is {clients}: a sample needs at least {MIN_CLIENTS}")
    rng = np.random.default_rng(seed)
    table = draw_clients(clients, rng)
    score = score_without_duration(table)
    probability = expit(score + score_duration(table["duration"].to_numpy()))
    answer = rng.random(clients) < probability
    order = np.argsort(~answer, kind="stable")
    table = table.assign(deposit=np.where(answer, "yes", "no"))[list(COLUMNS)]
    blind = average_over_durations(score)
    return Sample(table.iloc[order].reset_index(drop=True), probability[order], blind[order])


def draw_clients(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the columns without the target."""
    table = {name: draw_category(effects, rows, rng) for name, effects in CATEGORIES.items()}
    table |= {name: quantile(name)(rng.random(rows)) for name in QUANTILES}
    # Who was never called before has no outcome, no days since and no calls.
    first = table["poutcome"] == "unknown"
    table |= {"pdays": np.where(first, -1, table["pdays"]), "previous": np.where(first, 0, table["previous"])}
    return pd.DataFrame(table)


def draw_category(effects: Effects, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a column of categories by their shares."""
    shares = np.array([share for share, _ in effects.values()])
    return rng.choice(np.array(list(effects)), size=rows, p=shares / shares.sum())


def quantile(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that maps shares of the rows to whole numbers of a column."""
    return lambda shares: np.rint(np.interp(shares, PROBABILITIES, QUANTILES[name])).astype(np.int64)


def score_without_duration(table: pd.DataFrame) -> np.ndarray:
    """Score clients by all columns but `duration`."""
    score = np.zeros(len(table))
    for name, effects in CATEGORIES.items():
        score += table[name].map({category: effect for category, (_, effect) in effects.items()}).to_numpy(float)
    # The young and the old have money to put away.
    score += 0.04 * np.abs(table["age"].to_numpy() - 42)
    score += 0.12 * np.log1p(np.maximum(table["balance"].to_numpy(), 0))
    score -= 0.15 * np.log(table["campaign"].to_numpy())
    return INTERCEPT + STEEPNESS * score


def score_duration(duration: np.ndarray) -> np.ndarray:
    """Score the seconds of a call: who takes a deposit talks longer."""
    return np.asarray(2.6 * np.log(duration / 12))


def average_over_durations(score: np.ndarray) -> np.ndarray:
    """Average the probability over the durations that a call may have."""
    durations = quantile("duration")((np.arange(DURATIONS) + 0.5) / DURATIONS)
    total = sum(expit(score + of_duration) for of_duration in score_duration(durations))
    return np.asarray(total / DURATIONS)


def best_reachable(sample: Sample) -> dict[str, dict[str, float]]:
    """Compute the best reachable scores without the call's duration.

    Returns:
        For the strategy `row`: `accuracy` and `auc` of the true probability without `duration`.
    """
    return {"row": score_probability(sample.blind_probability)}


def score_probability(probability: np.ndarray) -> dict[str, float]:
    """Compute the expected accuracy and area under the curve of a true probability."""
    both = np.repeat([1, 0], len(probability))
    weights = np.concatenate([probability, 1 - probability])
    auc = float(roc_auc_score(both, np.tile(probability, 2), sample_weight=weights))
    return {"accuracy": float(np.maximum(probability, 1 - probability).mean()), "auc": auc}


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the table as a CSV file, atomically.

    Args:
        sample: what `generate_sample` gave.
        folder: where the file goes; made where missing.
    """
    with atomic_write(folder / FILE) as path:
        sample.table.to_csv(path, index=False)
