"""A champion of few columns, played by plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.model_registry.champion import Champion

KINDS = {"who": "text", "day": "date", "open": "flag", "age": "number", "note": "text"}


class RowModelOfFourColumns:
    """Probability: a tenth of the age, a half where it is null; ages above 1,000 are too much for it."""

    columns = KINDS
    optional = frozenset({"note"})
    task = "binary"
    threshold = 0.5

    def predict(self, rows: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:
        ages = pd.to_numeric(rows["age"].astype(object), errors="coerce").astype(float)
        if (ages > 1000).any():
            raise OverflowError("too old")
        probability = (ages / 10).fillna(0.5)
        least = self.threshold if threshold is None else threshold
        return pd.DataFrame({"probability": probability, "class": (probability >= least).astype(np.int64)}, rows.index)


@pytest.fixture
def champion() -> Champion:
    return Champion(
        "redhat", "7", "run-1", {"data.origin": "files", "test/auc": "0.9"}, RowModelOfFourColumns(), Path()
    )


@pytest.fixture
def row() -> dict[str, Any]:
    return {"who": "ppl_1", "day": "2023-08-26", "open": True, "age": 6}
