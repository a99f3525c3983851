"""Metrics of a run by group: `test/auc` is `auc` of the group `test`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def select_group(metrics: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Select the metrics below a prefix, as `prediction/unknown`, or behind one that ends in `_`, without it."""
    start = prefix if prefix.endswith("_") else f"{prefix}/"
    return {name.removeprefix(start): value for name, value in metrics.items() if name.startswith(start)}
