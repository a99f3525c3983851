"""The decision threshold of two classes: a number, or chosen on validation rows by a named rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.evaluation.scores import ScoreError
from casebook.inference.predictions import class_probability
from casebook.preprocessing.arrays import WEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras

    from casebook.preprocessing.tabular import Arrays

# What two scores may differ by and still count as equal.
RELATIVE_TOLERANCE = 1e-12
MIDDLE = 0.5


@dataclass(frozen=True)
class ThresholdRule:
    """How the threshold of class 1 is found.

    Attributes:
        rule: a number; or `f1` for the greatest F1, `cost` for the least cost of wrong classes, `prevalence` for as
            many rows of class 1 predicted as there are.
        false_positive: cost of a row of class 0 that is predicted as 1.
        false_negative: cost of a row of class 1 that is predicted as 0.
    """

    rule: float | str = MIDDLE
    false_positive: float = 1.0
    false_negative: float = 1.0

    @classmethod
    def of(cls, evaluation: Mapping[str, Any]) -> ThresholdRule:
        """Read the rule of an `evaluation` block."""
        return cls(evaluation["threshold"], **evaluation.get("costs", {}))

    @property
    def is_chosen(self) -> bool:
        """Return whether it takes validation rows to choose the threshold."""
        return isinstance(self.rule, str)

    def choose(self, target: np.ndarray, probability: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        """Choose the threshold on rows that are neither trained nor tested on; of equally good ones the nearest to 0.5.

        Args:
            target: 0 or 1, shape (rows,).
            probability: of class 1, shape (rows,).
            sample_weight: of the rows; None for equal ones.

        Returns:
            The number itself where the rule is one; else a number from 0 to 1, halfway between two probabilities.

        Raises:
            ScoreError: there are no rows, they are of one class, or a probability is not finite.
        """
        if not isinstance(self.rule, str):
            return float(self.rule)
        self._check(target, probability)
        weights = np.ones(len(target)) if sample_weight is None else sample_weight.astype(np.float64)
        values, places = np.unique(probability.astype(np.float64), return_inverse=True)
        # From the highest probability down: what is predicted as class 1 where the threshold lies just below each.
        true_positives = np.append(0.0, np.cumsum(np.bincount(places, weights * (target == 1))[::-1]))
        predicted = np.append(0.0, np.cumsum(np.bincount(places, weights)[::-1]))
        thresholds = _place_between(values[::-1])
        scores = self._judge(true_positives, predicted, float(weights @ (target == 1)))[-len(thresholds) :]
        best = np.flatnonzero(scores >= scores.max() - RELATIVE_TOLERANCE * max(1.0, abs(scores.max())))
        return float(thresholds[best[np.abs(thresholds[best] - MIDDLE).argmin()]])

    def _judge(self, true_positives: np.ndarray, predicted: np.ndarray, positives: float) -> np.ndarray:
        """Score the thresholds, the greatest being the best."""
        if self.rule == "f1":
            return np.asarray(2 * true_positives / (predicted + positives))
        if self.rule == "prevalence":
            return np.asarray(-np.abs(predicted - positives))
        false_positives, false_negatives = predicted - true_positives, positives - true_positives
        return np.asarray(-(self.false_positive * false_positives + self.false_negative * false_negatives))

    def _check(self, target: np.ndarray, probability: np.ndarray) -> None:
        classes = np.unique(target)
        if len(classes) < 2:
            there = f"all of class {classes[0]:g}" if len(classes) else "none"
            raise ScoreError(
                f"evaluation.threshold {self.rule} is chosen on rows of both classes, and the {len(target):,} "
                f"validation rows are {there}: give split.validation_share more of them, or a number"
            )
        if not np.isfinite(probability).all():
            raise ScoreError(f"evaluation.threshold {self.rule}: a probability of the validation rows is not finite")


def choose_for_network(rule: ThresholdRule, network: keras.Model, validation: Arrays, task: str) -> float:
    """Choose a network's threshold on its validation rows; see `ThresholdRule.choose`."""
    from casebook.evaluation.prediction import predict

    target = validation["target"]
    if not rule.is_chosen or not len(target):
        return rule.choose(target, target)
    return rule.choose(target, class_probability(task, predict(network, validation)), validation.get(WEIGHT))


def _place_between(values: np.ndarray) -> np.ndarray:
    """Place thresholds around falling values: above all (but where the first is 1), between each two, below all."""
    above, below = np.append(1.0, values), np.append(values, 0.0)
    middles = (above + below) / 2
    # Between two neighbouring numbers there is none.
    thresholds = np.where(middles > below, middles, above)
    thresholds[-1] = middles[-1]
    return thresholds[1:] if values[0] == 1 else thresholds
