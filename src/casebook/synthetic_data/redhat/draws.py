"""Draws of correlated columns with exact shares even in small samples."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


def rank_uniformly(latent: Floats, weights: Integers) -> Floats:
    """Rank latent values by weight, so that cutting the ranks yields exact weighted shares.

    Args:
        latent: One value a unit, any scale; ties are cut in their order.
        weights: How many people each unit stands for.

    Returns:
        One value a unit in (0, 1), rising with the latent value.
    """
    order = np.argsort(latent, kind="stable")
    below = np.cumsum(weights[order]) - weights[order] / 2
    ranks = np.empty(len(latent))
    ranks[order] = below / max(int(weights.sum()), 1)
    return ranks


def mix_latent(factor: Floats, loading: float, rng: np.random.Generator) -> Floats:
    """Draw standard normal values that correlate with a factor by `loading` (-1..1)."""
    return loading * factor + math.sqrt(1 - loading**2) * rng.standard_normal(len(factor))


def cut_shares(ranks: Floats, types: Sequence[int] | Integers, shares: Sequence[float] | Floats) -> Integers:
    """Assign each rank the type of its interval of the cumulated shares; the first type has the top ranks."""
    edges = np.cumsum(shares) / np.sum(np.asarray(shares))
    places = np.searchsorted(edges[:-1], 1 - ranks, side="right")
    return np.asarray(types, dtype=np.int64)[places]


def draw_types(shares: Mapping[int, float], count: int, rng: np.random.Generator) -> Integers:
    """Draw `count` independent types with the probabilities of `shares` (any total)."""
    return cut_shares(rng.random(count), tuple(shares), tuple(shares.values()))


def split_total(total: int, weights: Floats, rng: np.random.Generator) -> Integers:
    """Split a total at random in proportion to the weights, at least one a part.

    Raises:
        ValueError: If the total is below the number of parts.
    """
    if total < len(weights):
        raise ValueError(f"cannot split {total} into {len(weights)} parts of at least one")
    return 1 + rng.multinomial(total - len(weights), weights / weights.sum())
