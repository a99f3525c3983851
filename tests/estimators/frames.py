"""Small frames for the tests of this room."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# A network whose compilation takes the least time.
SMALL: dict[str, Any] = {
    "epochs": 20,
    "batch_size": 32,
    "learning_rate": 0.05,
    "hidden": [8],
    "dropout": 0.0,
    "ensemble_size": 1,
    "piecewise_linear_bins": 0,
    "parameters": {
        "training.optimizer.name": "adam",
        "training.schedule": {"name": "constant", "warmup_share": 0.0},
        "training.metrics": [],
    },
}


def customers(rows: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers with a column of every kind, and whether they left, which follows from three of them."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{number:05d}" for number in random.permutation(rows)],
            "plan": pd.Categorical(random.choice(["basic", "plus", "max"], rows)),
            "months": random.integers(1, 60, rows),
            "paid": np.where(random.random(rows) < 0.1, np.nan, random.normal(50, 10, rows)),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 1000, rows), unit="D"),
            "online": random.random(rows) < 0.4,
            "size": random.choice(["small", "medium", "large"], rows),
            "always": 1,
        }
    )
    gone = (frame["months"] < 25) & (frame["plan"] != "max") & ~((frame["size"] == "large") & frame["online"])
    return frame, np.where(gone, "left", "stayed")
