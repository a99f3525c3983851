"""Small tables as files and columns, for the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.schema_inference.values import ColumnValues

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def texts(values: Sequence[str | None], name: str = "column", decimal: str = ".") -> ColumnValues:
    """A column as it is read from a CSV file."""
    return ColumnValues.of(pd.Series(values, dtype="str", name=name).astype("category"), decimal)


def numbers(values: Sequence[float] | np.ndarray, name: str = "column") -> ColumnValues:
    """A column as it is read from a Parquet file."""
    return ColumnValues.of(pd.Series(values, name=name))


def write_csv(path: Path, columns: Mapping[str, Sequence[object] | np.ndarray]) -> Path:
    """Write a table."""
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def churn(rows: int = 400, seed: int = 1) -> dict[str, np.ndarray]:
    """A table with a key, a number, a category and a target that depends on the number."""
    random = np.random.default_rng(seed)
    months = random.integers(1, 60, rows)
    left = random.random(rows) < 1 / (1 + np.exp((months - 15) / 10))
    return {
        "customer_id": np.array([f"C{number:05d}" for number in random.permutation(rows)]),
        "months": months,
        "plan": random.choice(["basic", "family", "pro"], rows),
        "fee": random.normal(50, 10, rows).round(4),
        "left": np.where(left, "Yes", "No"),
    }
