"""Which of two models is better on rows that neither has seen, by how much, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    Score = Callable[[np.ndarray], float]

# What decides where the parameters name no metric.
MAIN_METRIC = {"binary": "auc", "multiclass": "accuracy", "regression": "mae"}
GROWING = frozenset({"auc", "accuracy"})
ROOTS = frozenset({"rmse", "rmspe"})
INTERVAL = (0.025, 0.975)
SEED = 0
ROUNDING = 1e-12


@dataclass(frozen=True)
class Contest:
    """Two models' scores on the same rows.

    Attributes:
        metric: what was measured.
        challenger: the new model's score.
        champion: the present champion's.
        difference: how much better the challenger is, below 0 where it is worse.
        low: lower end of the difference's 95 % interval.
        high: upper end.
    """

    metric: str
    challenger: float
    champion: float
    difference: float
    low: float
    high: float

    def won(self, margin: float) -> bool:
        """Tell whether the challenger is better, and by the margin at least."""
        # A difference of exactly the margin may come out a rounding error below it.
        return self.difference > 0 and self.difference >= margin * (1 - ROUNDING)

    def describe(self) -> str:
        """Tell the scores in one line."""
        word = "better" if self.difference > 0 else "worse"
        return (
            f"{self.metric} {self.challenger:.4g} against {self.champion:.4g}: {word} by {abs(self.difference):.3g} "
            f"(95 %: {self.low:.3g} to {self.high:.3g})"
        )


def compare_models(
    target: np.ndarray,
    challenger: pd.DataFrame,
    champion: pd.DataFrame,
    metric: str,
    keys: pd.Series | None = None,
    resamples: int = 1000,
) -> Contest:
    """Score two models on the same rows and draw the interval of their difference by resampling.

    The resampling is paired (both are scored on the same draws) and draws whole keys, since the rows of one person or
    day go right and wrong together.

    Args:
        target: of the rows: 0 or 1, class numbers, or numbers.
        challenger: the new model's answers as `RowModel.predict` gives them.
        champion: the present champion's.
        metric: see `score_rows`.
        keys: of each row; None for rows of their own.
        resamples: how many.

    Raises:
        ValueError: no rows, or a single class under `auc`.
    """
    scores = [score_rows(metric, target, answers) for answers in (challenger, champion)]
    sign = 1 if metric in GROWING else -1
    own, other = (score(np.ones(len(target))) for score in scores)
    if np.isnan(own) or np.isnan(other):
        raise ValueError(f"{metric} cannot be measured on these {len(target)} rows: too few, or of one class only")
    codes = np.arange(len(target)) if keys is None else pd.factorize(keys, use_na_sentinel=False)[0]
    generator, differences = np.random.default_rng(SEED), []
    for _ in range(resamples):
        drawn = generator.integers(0, codes.max() + 1, codes.max() + 1)
        weights = np.bincount(drawn, minlength=codes.max() + 1)[codes].astype(float)
        differences.append(sign * (scores[0](weights) - scores[1](weights)))
    low, high = np.nanquantile(differences, INTERVAL)
    return Contest(metric, own, other, sign * (own - other), float(low), float(high))


def score_rows(metric: str, target: np.ndarray, answers: pd.DataFrame) -> Score:
    """Prepare a score of weighted rows.

    Args:
        metric: `auc`, `accuracy` (of the answered classes), `log_loss`, `mae`, `mse`, `rmse`, or on the rows whose
            target is above 0 `rmspe` and `mape`.
        target: of the rows.
        answers: of the model.

    Returns:
        A function of weights, shape (rows,), that gives NaN where they leave nothing to score.
    """
    if metric == "auc":
        return _area(target, answers["probability"].to_numpy(np.float64))
    values, counted = ROW_VALUES[metric](target, answers)

    def mean(weights: np.ndarray) -> float:
        weighted = weights * counted
        if not weighted.any():
            return float("nan")
        value = float(weighted @ values / weighted.sum())
        return value**0.5 if metric in ROOTS else value

    return mean


def _area(target: np.ndarray, probability: np.ndarray) -> Score:
    """Prepare the area under the ROC curve, ties counted half; sorting is done once for all weights."""
    values, places = np.unique(probability, return_inverse=True)
    ones = target == 1

    def area(weights: np.ndarray) -> float:
        above = np.bincount(places, weights * ones, len(values))
        below = np.bincount(places, weights * ~ones, len(values))
        pairs = above.sum() * below.sum()
        return float(above @ (np.cumsum(below) - below / 2) / pairs) if pairs else float("nan")

    return area


def _hits(target: np.ndarray, answers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return (answers["class"].to_numpy() == target).astype(float), np.ones(len(target))


def _log_losses(target: np.ndarray, answers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    names = [name for name in answers if str(name).startswith("probability_")]
    if names:
        truth = answers[names].to_numpy(np.float64)[np.arange(len(target)), target.astype(int)]
    else:
        probability = answers["probability"].to_numpy(np.float64)
        truth = np.where(target == 1, probability, 1 - probability)
    return -np.log(np.clip(truth, np.finfo(np.float64).eps, 1)), np.ones(len(target))


def _errors(power: int, relative: bool) -> Callable[[np.ndarray, pd.DataFrame], tuple[np.ndarray, np.ndarray]]:
    def measure(target: np.ndarray, answers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        truth = target.astype(np.float64)
        errors = np.abs(answers["prediction"].to_numpy(np.float64) - truth)
        counted = truth > 0 if relative else np.ones(len(truth), bool)
        scale = np.where(counted, truth, 1.0) if relative else 1.0
        return (errors / scale) ** power, counted.astype(float)

    return measure


ROW_VALUES = {
    "accuracy": _hits,
    "log_loss": _log_losses,
    "mae": _errors(1, relative=False),
    "mse": _errors(2, relative=False),
    "rmse": _errors(2, relative=False),
    "mape": _errors(1, relative=True),
    "rmspe": _errors(2, relative=True),
}
