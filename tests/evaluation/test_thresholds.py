"""Thresholds of two classes: chosen on validation rows by a rule, counted by hand and against every possible one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from casebook.config.schema import EvaluationParameters
from casebook.evaluation.metrics import find_metric
from casebook.evaluation.scores import ScoreError, choose_for_baseline
from casebook.evaluation.thresholds import ThresholdRule, choose_for_network

TARGET = np.array([0, 0, 1, 0, 1])
PROBABILITY = np.array([0.1, 0.2, 0.35, 0.4, 0.8])


@pytest.mark.parametrize(
    ("rule", "threshold"),
    [
        # Three rows of class 1 predicted, of which two are: F1 0.8, where two have 0.5 and one 0.667.
        (ThresholdRule("f1"), 0.275),
        # As many as there are: two.
        (ThresholdRule("prevalence"), 0.375),
        # One wrong row above 0.4 and one above 0.2: the nearer to 0.5 of both.
        (ThresholdRule("cost"), 0.6),
        (ThresholdRule("cost", false_negative=5.0), 0.275),
        (ThresholdRule("cost", false_positive=5.0), 0.6),
        (ThresholdRule(0.3), 0.3),
    ],
)  # fmt: skip
def test_the_rule_chooses_halfway_between_two_probabilities(rule: ThresholdRule, threshold: float) -> None:
    kept = TARGET.copy(), PROBABILITY.copy()
    assert rule.choose(TARGET, PROBABILITY) == pytest.approx(threshold, abs=1e-15)
    np.testing.assert_array_equal(kept, (TARGET, PROBABILITY))


def lose(rule: ThresholdRule, target: np.ndarray, chosen: np.ndarray, weights: np.ndarray) -> float:
    """What a rule wants to be small, counted row by row."""
    if rule.rule == "f1":
        return -find_metric("f1").score(target, chosen, weights)
    if rule.rule == "prevalence":
        return abs(float(weights @ chosen) - float(weights @ target))
    wrong = rule.false_positive * (chosen > target) + rule.false_negative * (chosen < target)
    return float(weights @ wrong)


@pytest.mark.parametrize("rule", ["f1", "cost", "prevalence"])
@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_is_better_whatever_the_rows_weigh(rule: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Rounded, so that probabilities come several times.
    probability = rng.random(80).round(1 if seed % 2 else 3)
    target = (rng.random(80) < probability).astype(int)
    weights = rng.integers(1, 5, 80).astype(float)
    named = ThresholdRule(rule, 1.0, 3.0) if rule == "cost" else ThresholdRule(rule)
    chosen = named.choose(target, probability, weights)
    values = np.unique(probability)
    every = [0.0, *((low + high) / 2 for low, high in pairwise(values)), *([] if values[-1] == 1 else [1.0])]
    losses = [lose(named, target, probability >= at, weights) for at in every]
    assert lose(named, target, probability >= chosen, weights) == pytest.approx(min(losses))
    unweighted = np.repeat(target, weights.astype(int)), np.repeat(probability, weights.astype(int))
    assert named.choose(*unweighted) == chosen


def test_certain_rows_stay_on_their_side() -> None:
    assert ThresholdRule("f1").choose(np.array([0, 1]), np.array([0.0, 1.0])) == 0.5
    # All rows of class 1 pay, whatever the probabilities say.
    dear = ThresholdRule("cost", false_negative=100.0)
    assert dear.choose(np.array([1, 0]), np.array([0.0, 1.0])) == 0.0
    # None pays: the threshold is above every row, but a certain one is predicted by any.
    assert ThresholdRule("cost", false_positive=100.0).choose(np.array([1, 0]), np.array([0.3, 0.9])) == 0.95
    assert ThresholdRule("cost", false_positive=100.0).choose(np.array([1, 0]), np.array([0.3, 1.0])) == 0.15


def test_neighbouring_numbers_are_told_apart() -> None:
    low = np.float64(0.5)
    high = np.nextafter(low, 1)
    assert ThresholdRule("f1").choose(np.array([0, 1]), np.array([low, high])) == high


@pytest.mark.parametrize(("target", "told"), [([1, 1], "2 validation rows are all of class 1"), ([], "rows are none")])
def test_rows_of_one_class_choose_nothing(target: list[int], told: str) -> None:
    with pytest.raises(ScoreError, match=told):
        ThresholdRule("f1").choose(np.array(target), np.ones(len(target)))
    assert ThresholdRule(0.4).choose(np.array(target), np.ones(len(target))) == 0.4


def test_probabilities_that_are_not_finite_choose_nothing() -> None:
    with pytest.raises(ScoreError, match="not finite"):
        ThresholdRule("cost").choose(np.array([0, 1]), np.array([np.nan, 0.5]))


@pytest.mark.parametrize(
    ("rule", "all_of_class"),
    [(ThresholdRule("f1"), 1), (ThresholdRule("prevalence"), 0), (ThresholdRule("cost"), 0),
     (ThresholdRule("cost", false_negative=5.0), 1)],
)  # fmt: skip
def test_the_baseline_predicts_one_class_for_all_by_the_same_rule(rule: ThresholdRule, all_of_class: int) -> None:
    train = np.array([0, 0, 0, 1])
    assert (choose_for_baseline(rule, "binary", {"target": train}) <= 0.25) == bool(all_of_class)
    assert choose_for_baseline(ThresholdRule(0.7), "binary", {"target": np.array([1, 1])}) == 0.7


def test_a_network_chooses_on_its_validation_rows_and_a_number_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(_network: object, arrays: dict[str, Any]) -> np.ndarray:
        return np.stack([1 - arrays["numbers"], arrays["numbers"]], axis=1)

    monkeypatch.setattr("casebook.evaluation.prediction.predict", predict)
    rows = {"numbers": PROBABILITY, "target": TARGET}
    network: Any = object()
    assert choose_for_network(ThresholdRule("f1"), network, rows, "binary") == pytest.approx(0.275)
    assert choose_for_network(ThresholdRule(0.2), network, {"target": TARGET[:0]}, "binary") == 0.2


def test_the_block_names_rule_and_costs() -> None:
    said = {"threshold": "cost", "costs": {"false_positive": 1, "false_negative": 5}}
    checked = EvaluationParameters.model_validate(said).model_dump()
    assert ThresholdRule.of(checked) == ThresholdRule("cost", 1.0, 5.0)
    assert ThresholdRule.of(EvaluationParameters().model_dump()) == ThresholdRule(0.5)
    assert not ThresholdRule(0.5).is_chosen
    with pytest.raises(ValueError, match="costs go with threshold cost, not with f1"):
        EvaluationParameters.model_validate({**said, "threshold": "f1"})
