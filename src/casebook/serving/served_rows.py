"""A sample of the rows that were answered since the start, and how far they lie from those of the training."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.batch_scoring.scorer import count_places
from casebook.monitoring.drift import tabulate_drift

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from casebook.model_registry.champion import Champion

# So many rows tell a shift of a decile; those of fifty columns take a few megabytes.
SAMPLE_ROWS = 2000


class ServedRows:
    """An even sample of all answered rows, drawn while they pass (Li's algorithm L, 1994).

    Attributes:
        since: when it began.
        count: how many rows were answered.
    """

    def __init__(self, champion: Champion) -> None:
        """Begin with no rows."""
        self.since = datetime.now(UTC).astimezone()
        self.count = 0
        self._champion = champion
        # Of images nothing but the answers is compared.
        self._keeps_values = set(champion.kinds.values()) != {"image"}
        self._rows: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._lock = Lock()
        self._random = random.Random(0)  # noqa: S311 - which rows are looked at is no secret
        self._next, self._weight = 0, 1.0
        self._measured: tuple[int, pd.DataFrame] | None = None

    def note(self, columns: Mapping[str, Sequence[Any]], answers: Mapping[str, np.ndarray]) -> None:
        """Take some of the rows that were answered.

        Args:
            columns: raw values by column.
            answers: by column of the predictions.
        """
        rows = len(next(iter(answers.values())))
        with self._lock:
            end = self.count + rows
            while self._next < end:
                place = self._next - self.count
                self._keep(_row(columns, place) if self._keeps_values else {}, _row(answers, place))
            self.count = end

    def measure_drift(self, alarm: float) -> pd.DataFrame:
        """Measure how far features and answers of the sampled rows have moved from those of the training.

        Returns:
            See `drift.tabulate_drift`; no rows where none were answered, or the champion kept no profile.
        """
        with self._lock:
            count, rows, measured = self.count, list(self._rows), self._measured
        # Requests that are answered meanwhile do not wait for it.
        if measured is None or measured[0] != count:
            measured = self._measured = count, self._tabulate(rows, alarm)
        return measured[1]

    @property
    def sampled(self) -> int:
        """How many rows are in the sample."""
        return len(self._rows)

    def _keep(self, row: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keep a row, from the sample's size on in the place of another one, and draw the next one to keep."""
        if len(self._rows) < SAMPLE_ROWS:
            self._rows.append((row, answer))
            self._next += 1
            if len(self._rows) < SAMPLE_ROWS:
                return
        else:
            self._rows[self._random.randrange(SAMPLE_ROWS)] = (row, answer)
            self._next += 1
        self._weight *= math.exp(math.log(1 - self._random.random()) / SAMPLE_ROWS)
        self._next += math.floor(math.log(1 - self._random.random()) / math.log1p(-self._weight))

    def _tabulate(self, kept: list[tuple[dict[str, Any], dict[str, Any]]], alarm: float) -> pd.DataFrame:
        histograms = self._champion.profile.get("histograms", {})
        if not kept or not histograms:
            return tabulate_drift({}, {}, alarm)
        rows, answers = (pd.DataFrame(list(part), dtype=object) for part in zip(*kept, strict=True))
        features = self._champion.features(rows) if self._keeps_values else pd.DataFrame(index=rows.index)
        return tabulate_drift(histograms, count_places(features, answers, histograms), alarm, self._champion.sources)


def _row(columns: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {name: values[place] for name, values in columns.items()}
