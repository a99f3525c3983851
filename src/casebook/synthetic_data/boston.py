"""Synthetic sample in place of the Boston file, with the best reachable errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FILE = "boston_housing.npz"
COLUMNS = ("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT")
# Spread of what the inputs do not tell of a price, in thousands of dollars.
NOISE = 2.0


@dataclass(frozen=True)
class Sample:
    """Generated arrays and what their generator knows.

    Attributes:
        inputs: The 13 columns of the original; shape (rows, 13).
        prices: Thousands of dollars; shape (rows,).
    """

    inputs: Floats
    prices: Floats


def generate_sample(rows: int, seed: int) -> Sample:
    """Draw districts whose price follows from rooms, status, pupils, nitric oxide and distance, not from B.

    Args:
        rows: Number of districts, at least 100.
        seed: The same seed gives the same sample.

    Raises:
        ValueError: The sample would be too small to be divided.
    """
    if rows < 100:
        raise ValueError(f"rows is {rows}: a sample needs at least 100")
    rng = np.random.default_rng(seed)
    columns = _draw_columns(rows, rng)
    prices = np.round(_expected_prices(columns) + rng.normal(0, NOISE, rows), 1)
    return Sample(np.column_stack([columns[name] for name in COLUMNS]), prices)


def _draw_columns(rows: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Draw the columns around one hidden order from quiet suburbs (0) to the inner town (1)."""
    town = rng.beta(0.9, 1.3, rows)
    near = rng.random(rows) < 0.9 * town**2
    wealth = rng.normal(0.9 - 1.8 * town, 0.8)
    return {
        "CRIM": np.round(np.exp(-3.2 + 5 * town + rng.normal(0, 0.9, rows)), 5),
        "ZN": np.where(rng.random(rows) < 0.75 * (1 - town) ** 1.5, np.round(rng.uniform(12, 100, rows) * 2) / 2, 0.0),
        "INDUS": np.clip(np.round(2.5 + 18 * town + rng.normal(0, 2.5, rows), 2), 0.46, 27.74),
        "CHAS": (rng.random(rows) < 0.07).astype(np.float64),
        "NOX": np.clip(np.round(0.42 + 0.32 * town + rng.normal(0, 0.035, rows), 3), 0.385, 0.871),
        "RM": np.clip(np.round(6.28 + 0.42 * wealth + rng.normal(0, 0.5, rows), 3), 3.561, 8.78),
        "AGE": np.clip(np.round(40 + 75 * town + rng.normal(0, 17, rows), 1), 2.9, 100),
        "DIS": np.clip(np.round(np.exp(1.95 - 1.5 * town + rng.normal(0, 0.25, rows)), 4), 1.1296, 12.1265),
        "RAD": np.where(near, 24.0, rng.integers(1, 9, rows)),
        "TAX": np.where(near, 666.0, np.rint(rng.normal(310, 60, rows).clip(187, 470))),
        "PTRATIO": np.where(near, 20.2, np.clip(np.round(rng.normal(17.8, 2.1, rows), 1), 12.6, 22.0)),
        "B": np.round(396.9 - np.where(rng.random(rows) < 0.25, rng.exponential(90, rows), 0.0), 2).clip(0.32, 396.9),
        "LSTAT": np.clip(np.round(np.exp(2.4 - 0.42 * wealth + rng.normal(0, 0.25, rows)), 2), 1.73, 37.97),
    }


def _expected_prices(columns: dict[str, Floats]) -> Floats:
    """Compute the expected price of each row: between 7 and 47, nonlinear in rooms and status."""
    rooms = np.maximum(columns["RM"] - 6.2, 0)
    price = (
        34
        + 5.5 * rooms**1.5
        - 7.5 * np.log(columns["LSTAT"] / 5)
        - 0.6 * (columns["PTRATIO"] - 16)
        - 14 * (columns["NOX"] - 0.45)
        - 0.8 * np.log(columns["DIS"])
        + 2.2 * columns["CHAS"]
    )
    # Five spreads of the noise above 0, so that no price needs to be cut off.
    return np.clip(price, 11, 47)


def best_reachable(sample: Sample) -> dict[str, dict[str, float]]:  # noqa: ARG001 - as of the other cases
    """Compute the expected errors of the true expected price of each row, by any split: all samples are drawn alike.

    The noise is normal, then the price is rounded to 0.1, which adds a twelfth of 0.1 squared to the variance.
    """
    mse = NOISE**2 + 0.1**2 / 12
    errors = {"mse": mse, "rmse": mse**0.5, "mae": float(np.sqrt(2 * mse / np.pi))}
    return {"given": errors, "row": dict(errors)}


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the file as the original is: the arrays `x` and `y`.

    Args:
        sample: What `generate_sample` gave.
        folder: Where the file goes; made where missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / FILE, x=sample.inputs, y=sample.prices)
