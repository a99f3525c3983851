"""Districts as the file holds them: two arrays."""

import numpy as np
import pytest

from casebook.synthetic_data.boston import generate_sample


@pytest.fixture
def raw_houses() -> dict[str, np.ndarray]:
    """As many rows as the original, each told apart by its crime rate."""
    sample = generate_sample(506, 1)
    inputs = sample.inputs.copy()
    inputs[:, 0] = np.arange(506) + 0.5
    return {"x": inputs, "y": sample.prices.copy()}
