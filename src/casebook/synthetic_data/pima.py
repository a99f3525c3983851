"""Synthetic sample in place of the Pima file, with the best reachable accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "pima-indians-diabetes.csv"
COLUMNS = ("pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age", "diabetes")
# Share of zeros, as in the original: values that were not taken.
ZERO_SHARES = {"glucose": 0.0065, "pressure": 0.0456, "skin": 0.2956, "insulin": 0.487, "bmi": 0.0143}
MEAN_GLUCOSE, MEAN_BMI = 121.7, 32.5


@dataclass(frozen=True)
class Sample:
    """The generated table and what its generator knows.

    Attributes:
        table: The nine columns of the original.
        probability: Of diabetes, given all that the row shows; shape (rows,).
    """

    table: pd.DataFrame
    probability: NDArray[np.float64]


def generate_sample(rows: int, seed: int) -> Sample:
    """Draw patients whose diagnosis follows from glucose, BMI, age, pedigree and pregnancies.

    Args:
        rows: Number of patients, at least 100.
        seed: The same seed gives the same sample.

    Raises:
        ValueError: The sample would be too small to be divided.
    """
    if rows < 100:
        raise ValueError(f"rows is {rows}: a sample needs at least 100")
    rng = np.random.default_rng(seed)
    measures = pd.DataFrame(_draw_measures(rows, rng))
    for name, share in ZERO_SHARES.items():
        measures[name] = measures[name].where(rng.random(rows) >= share, 0)
    probability = _compute_probabilities(measures)
    diagnosis = (rng.random(rows) < probability).astype(np.int64)
    # However few the rows are, both diagnoses occur.
    diagnosis[np.argmax(probability)], diagnosis[np.argmin(probability)] = 1, 0
    return Sample(measures.assign(diabetes=diagnosis)[list(COLUMNS)], probability)


def _draw_measures(rows: int, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Draw what the original measures, with its means, spreads and strongest correlations."""
    age = 21 + np.minimum(np.floor(rng.gamma(1.1, 11.2, rows)), 60)
    glucose = np.clip(np.rint(104 + 0.53 * age + rng.normal(0, 29, rows)), 44, 199)
    bmi = np.clip(np.round(rng.normal(MEAN_BMI, 6.9, rows), 1), 18.2, 67.1)
    insulin = np.exp(2.95 + 0.0155 * glucose + rng.normal(0, 0.55, rows))
    return {
        "pregnancies": np.minimum(rng.poisson(1 + (age - 21) * 0.23), 17).astype(np.float64),
        "glucose": glucose,
        "pressure": np.clip(np.rint(48 + 0.32 * age + 0.42 * bmi + rng.normal(0, 11, rows)), 24, 122),
        "skin": np.clip(np.rint(-3 + bmi + rng.normal(0, 7.5, rows)), 7, 99),
        "insulin": np.clip(np.rint(insulin), 14, 846),
        "bmi": bmi,
        "pedigree": np.clip(np.round(np.exp(rng.normal(-0.95, 0.64, rows)), 3), 0.078, 2.42),
        "age": age,
    }


def _compute_probabilities(measures: pd.DataFrame) -> NDArray[np.float64]:
    """Compute each row's probability of diabetes, from the values in the file; missing ones count as the mean.

    The probability thus needs nothing that the file does not show, and no model can know more.
    """
    glucose = measures["glucose"].where(measures["glucose"] > 0, MEAN_GLUCOSE) - MEAN_GLUCOSE
    bmi = measures["bmi"].where(measures["bmi"] > 0, MEAN_BMI) - MEAN_BMI
    # Risk rises with age up to 45 and with BMI up to 45, then no more.
    score = (
        -0.85
        + 0.052 * glucose
        + 0.14 * np.minimum(bmi, 12)
        + 0.08 * (np.minimum(measures["age"], 45) - 33)
        + 1.4 * (measures["pedigree"] - 0.47)
        + 0.05 * (measures["pregnancies"] - 3.8)
    )
    return np.asarray(1 / (1 + np.exp(-score)), dtype=np.float64)


def best_reachable(sample: Sample) -> dict[str, dict[str, float]]:
    """Compute the expected accuracy of the true probabilities; rows are drawn alike, so it holds for any split."""
    return {"row": {"accuracy": float(np.maximum(sample.probability, 1 - sample.probability).mean())}}


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the file as the original is: no header line, whole numbers without a point.

    Args:
        sample: What `generate_sample` gave.
        folder: Where the file goes; made where missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = [name for name in COLUMNS if name not in ("bmi", "pedigree")]
    sample.table.astype(dict.fromkeys(whole, "int64")).to_csv(folder / FILE, header=False, index=False)
