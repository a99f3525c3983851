"""Districts as the file holds them: two arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from casebook.datasets import DeclaredTable
from casebook.synthetic_data.boston import generate_sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd
    from tests.declared_fixtures import Ingest

    Read = Callable[[Path], pd.DataFrame]


@pytest.fixture
def raw_houses() -> dict[str, np.ndarray]:
    """As many rows as the original, each told apart by its crime rate."""
    sample = generate_sample(506, 1)
    inputs = sample.inputs.copy()
    inputs[:, 0] = np.arange(506) + 0.5
    return {"x": inputs, "y": sample.prices.copy()}


@pytest.fixture
def file(raw_houses: dict[str, np.ndarray], tmp_path: Path) -> Path:
    """A file in which nothing is wrong."""
    np.savez(tmp_path / "boston_housing.npz", **raw_houses)
    return tmp_path / "boston_housing.npz"


@pytest.fixture
def read(ingest: Ingest) -> Read:
    """Return what reads and ingests a file as the declaration says."""
    return lambda file: ingest("boston", DeclaredTable("boston", filepath=str(file)).load())[0]
