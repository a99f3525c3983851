"""Edges of the bins of a piecewise linear encoding, computed from the values of the training rows."""

from __future__ import annotations

import numpy as np


def compute_bin_edges(values: np.ndarray, piecewise_linear_bins: int, capped: bool = False) -> np.ndarray:
    """Compute ascending edges of at most so many bins: quantiles, or each value where there are few.

    Args:
        values: of the training rows.
        piecewise_linear_bins: at most so many; the last edge is repeated where they are fewer.
        capped: whether a value of more rows than a bin holds counts for one bin, see `compute_capped_quantiles`.

    Returns:
        Array of shape (bins + 1,).
    """
    edges, counts = np.unique(values, return_counts=True)
    if len(edges) > piecewise_linear_bins + 1:
        shares = np.linspace(0, 1, piecewise_linear_bins + 1)
        edges = (
            compute_capped_quantiles(edges, counts, piecewise_linear_bins)
            if capped
            else np.unique(np.quantile(values, shares))
        )
    return np.append(edges, np.full(piecewise_linear_bins + 1 - len(edges), edges[-1]))


def compute_capped_quantiles(values: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Compute quantiles for which a value of more rows than a bin holds counts for one bin.

    Nine rows of ten at 0 would leave the others a tenth of the edges, though it is them that differ. Edges that fall
    together make room for the neighbours of such values, so that a step beside them can be told.

    Args:
        values: distinct, ascending.
        counts: rows of each.
        bins: fewer than there are values.

    Returns:
        At most bins + 1 of the values, ascending.
    """
    ordered, rest = np.sort(counts)[::-1], counts.sum()
    limit = rest / bins
    for heavy in range(bins):
        limit = rest / (bins - heavy)
        if ordered[heavy] <= limit:
            break
        rest -= ordered[heavy]
    reached = np.cumsum(np.minimum(counts, limit))
    inner = np.searchsorted(reached, np.linspace(0, reached[-1], bins + 1)[1:-1])
    chosen = np.unique([0, *inner, len(values) - 1])
    heaviest = np.flatnonzero(counts > limit)
    beside = np.setdiff1d(np.concatenate([heaviest + 1, heaviest - 1]), [*chosen, -1, len(values)])
    edges: np.ndarray = np.sort(values[np.append(chosen, beside[: bins + 1 - len(chosen)])])
    return edges
