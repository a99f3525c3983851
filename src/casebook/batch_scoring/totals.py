"""What is counted of scored rows: of the blocks of a file, and of the files of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.monitoring.unknown_categories import count_values, merge_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.batch_scoring.scorer import ScoredBlock
    from casebook.monitoring.unknown_categories import Counts


class Totals:
    """Rows so far, those rejected by column, and places in the training's histograms."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows = {"rows": 0, "scored": 0, "rejected": 0}
        self._columns: dict[str, int] = {}
        self._counts: dict[str, np.ndarray] = {}
        self._unknown: Counts = {}

    @property
    def scored(self) -> int:
        """Rows that were scored."""
        return self._rows["scored"]

    def add_block(self, block: ScoredBlock) -> None:
        """Add the rows of a block."""
        scored, rejected = len(block.predictions), len(block.rejected)
        columns = {str(name): int(count) for name, count in block.rejected["column"].value_counts().items()}
        self._add({"rows": scored + rejected, "scored": scored, "rejected": rejected}, columns, block.counts)
        self._unknown = merge_unknown(self._unknown, count_values(block.unknown))

    def add(self, counted: Mapping[str, Any]) -> None:
        """Add what `describe` has returned of other rows."""
        self._add(counted, counted["rejected_columns"], counted["counts"])
        self._unknown = merge_unknown(self._unknown, counted["unknown"])

    def describe(self) -> dict[str, Any]:
        """Return plain values that JSON can hold.

        Returns:
            `rows`, `scored`, `rejected`, `rejected_columns`, `counts` by feature and answer, `unknown` by feature.
        """
        counts = {name: found.tolist() for name, found in self._counts.items()}
        return {**self._rows, "rejected_columns": self._columns, "counts": counts, "unknown": self._unknown}

    def _add(self, rows: Mapping[str, int], columns: Mapping[str, int], counts: Mapping[str, Any]) -> None:
        self._rows = {name: count + rows[name] for name, count in self._rows.items()}
        for column, count in columns.items():
            self._columns[column] = self._columns.get(column, 0) + count
        for name, found in counts.items():
            self._counts[name] = np.asarray(found) if name not in self._counts else self._counts[name] + found
