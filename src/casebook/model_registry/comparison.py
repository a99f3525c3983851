"""Comparison of two models on rows that neither has seen: scores, difference and its bootstrap interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.evaluation.intervals import bootstrap_scores, find_interval, number_keys
from casebook.evaluation.metrics import find_metric

if TYPE_CHECKING:
    from casebook.evaluation.metric_functions import Scorer

RELATIVE_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Comparison:
    """Scores of challenger and champion on the same rows.

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

    def is_better_by(self, margin: float) -> bool:
        """Return whether the challenger is better by at least the margin."""
        # A difference of exactly the margin may come out a rounding error below it.
        return self.difference > 0 and self.difference >= margin * (1 - RELATIVE_TOLERANCE)

    def describe(self) -> str:
        """Describe scores and interval in one line."""
        word = "better" if self.difference > 0 else "worse"
        told = f"{word} by {abs(self.difference):.3g}" if self.difference else "no better"
        interval = f"(95 %: {self.low:.3g} to {self.high:.3g})"
        return f"{self.metric} {self.challenger:.4g} against {self.champion:.4g}: {told} {interval}"


def compare_models(
    target: np.ndarray,
    challenger: pd.DataFrame,
    champion: pd.DataFrame,
    metric: str,
    keys: pd.Series | None = None,
    resamples: int = 1000,
    sample_weight: np.ndarray | None = None,
) -> Comparison:
    """Score two models on the same rows and bootstrap the interval of their difference (paired, by cluster).

    Both are scored on the same resamples, which draw keys with all their rows, since the errors of one person or day
    are correlated.

    Args:
        target: of the rows: 0 or 1, class numbers, or numbers.
        challenger: the new model's predictions as `RowModel.predict` returns them.
        champion: the present champion's.
        metric: see `score_rows`.
        keys: of each row; None for rows of their own.
        resamples: number of bootstrap resamples.
        sample_weight: of the rows; None for equal ones.

    Raises:
        ValueError: no rows, a single class under `auc`, or classes that the models number differently.
    """
    refuse_other_classes(challenger, champion)
    scores = [score_rows(metric, target, answers) for answers in (challenger, champion)]
    sign = find_metric(metric).sign
    own, other = (score(sample_weight) for score in scores)
    if np.isnan(own) or np.isnan(other):
        raise ValueError(f"{metric} cannot be measured on these {len(target)} rows: too few, or of one class only")
    scorers = dict(zip(("own", "other"), scores, strict=True))
    resampled = bootstrap_scores(scorers, number_keys(keys, len(target)), resamples, sample_weight)
    low, high = find_interval(sign * (resampled["own"] - resampled["other"]))
    return Comparison(metric, own, other, sign * (own - other), low, high)


def refuse_other_classes(challenger: pd.DataFrame, champion: pd.DataFrame) -> None:
    """Refuse models of which one calls 1 what the other calls 0: the rows' target numbers the classes but one way."""
    own, other = (_list_classes(answers) for answers in (challenger, champion))
    if own and other and own != other:
        raise ValueError(f"its classes are {', '.join(own)} in this order, and those of the other {', '.join(other)}")


def _list_classes(answers: pd.DataFrame) -> list[str]:
    """List the labels of the answered classes by number; none where these are the numbers."""
    labelled = "class" in answers and isinstance(answers["class"].dtype, pd.CategoricalDtype)
    return [str(label) for label in answers["class"].cat.categories] if labelled else []


def score_rows(metric: str, target: np.ndarray, answers: pd.DataFrame) -> Scorer:
    """Prepare the scorer of a model's predictions.

    Args:
        metric: a name of `evaluation.metrics`; one that scores classes takes the predicted ones.
        target: of the rows.
        answers: the model's predictions.

    Returns:
        A function of weights, shape (rows,), None for equal ones; NaN where they leave nothing to score.
    """
    judged = find_metric(metric)
    return judged.scorer(target, _read_response(answers, judged.response))


def _read_response(answers: pd.DataFrame, response: str) -> np.ndarray:
    """Return predicted classes, values or probabilities, shape (rows,), or (rows, classes) for several classes."""
    column = "prediction" if response == "value" else response
    if column in answers and isinstance(answers[column].dtype, pd.CategoricalDtype):
        # Labelled classes, in the order of their numbers.
        return answers[column].cat.codes.to_numpy()
    if column in answers:
        return answers[column].to_numpy() if response == "class" else answers[column].to_numpy(np.float64)
    classes = [name for name in answers if str(name).startswith("probability_")]
    return answers[classes].to_numpy(np.float64)
