"""Which of two models is better on the same rows, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from casebook.model_registry.comparison import compare_models, score_rows

TRUTH = np.array([0, 0, 1, 1, 1, 0])


def answers(probability: list[float]) -> pd.DataFrame:
    values = np.array(probability)
    return pd.DataFrame({"probability": values, "class": (values >= 0.5).astype(int)})


def weighted(metric: str, target: np.ndarray, told: pd.DataFrame, weights: list[float] | None = None) -> float:
    return score_rows(metric, target, told)(np.ones(len(target)) if weights is None else np.array(weights))


def test_scores_of_whole_rows_are_those_of_the_usual_definitions() -> None:
    told = answers([0.1, 0.6, 0.6, 0.9, 0.4, 0.2])
    assert weighted("auc", TRUTH, told) == pytest.approx(roc_auc_score(TRUTH, told["probability"]))
    assert weighted("accuracy", TRUTH, told) == pytest.approx(4 / 6)
    losses = -np.log([0.9, 0.4, 0.6, 0.9, 0.4, 0.8])
    assert weighted("log_loss", TRUTH, told) == pytest.approx(losses.mean())


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("mae", 8 / 3), ("mse", 22 / 3), ("rmse", (22 / 3) ** 0.5), ("mape", 0.25), ("rmspe", 0.065**0.5)],
)
def test_errors_of_a_number_are_relative_only_where_it_is_above_zero(metric: str, expected: float) -> None:
    told = pd.DataFrame({"prediction": [3.0, 8.0, 13.0]})
    assert weighted(metric, np.array([0.0, 10.0, 10.0]), told) == pytest.approx(expected)


def test_the_likeliest_of_several_classes_counts() -> None:
    told = pd.DataFrame({"probability_0": [0.7, 0.2], "probability_1": [0.3, 0.8], "class": [0, 1]})
    assert weighted("accuracy", np.array([0, 0]), told) == 0.5
    assert weighted("log_loss", np.array([0, 0]), told) == pytest.approx(-np.log([0.7, 0.2]).mean())


def test_weights_are_rows_that_stand_several_times() -> None:
    told, twice = answers([0.1, 0.6, 0.6, 0.9, 0.4, 0.2]), [2, 0, 1, 3, 1, 1]
    rows = np.repeat(np.arange(6), twice)
    for metric in ("auc", "accuracy", "log_loss"):
        expected = weighted(metric, TRUTH[rows], told.iloc[rows].reset_index(drop=True))
        assert weighted(metric, TRUTH, told, twice) == pytest.approx(expected)


def test_a_better_challenger_is_better_by_the_difference_with_the_interval_around_it() -> None:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 2, 2000)
    good, poor = (answers(np.clip(truth * lift + generator.random(2000) * 0.7, 0, 1).tolist()) for lift in (0.3, 0.1))
    comparison = compare_models(truth, good, poor, "auc", resamples=200)
    assert comparison.difference == pytest.approx(comparison.challenger - comparison.champion)
    assert 0 < comparison.low < comparison.difference < comparison.high
    assert comparison.is_better_by(0.0)
    assert comparison.is_better_by(comparison.difference)
    assert not comparison.is_better_by(comparison.difference + 1e-9)
    back = compare_models(truth, poor, good, "auc", resamples=200)
    assert (back.difference, back.low, back.high) == pytest.approx(
        (-comparison.difference, -comparison.high, -comparison.low)
    )
    assert not back.is_better_by(0.0)


def test_of_errors_the_smaller_is_better() -> None:
    truth = np.arange(10.0)
    near, far = pd.DataFrame({"prediction": truth + 1}), pd.DataFrame({"prediction": truth + 2})
    comparison = compare_models(truth, near, far, "mae", resamples=20)
    assert (comparison.challenger, comparison.champion, comparison.difference) == (1, 2, 1)
    assert "mae 1 against 2: better by 1" in comparison.describe()


def test_the_same_model_never_wins_even_without_a_margin() -> None:
    told = answers([0.1, 0.6, 0.6, 0.9, 0.4, 0.2])
    comparison = compare_models(TRUTH, told, told, "accuracy", resamples=20)
    assert (comparison.difference, comparison.low, comparison.high) == (0, 0, 0)
    assert not comparison.is_better_by(0.0)


def test_rows_of_one_key_are_drawn_together_so_that_the_interval_is_wider() -> None:
    truth = np.repeat([0.0, 1.0, 2.0, 3.0], 100)
    near, far = pd.DataFrame({"prediction": truth}), pd.DataFrame({"prediction": truth + np.repeat([0, 4, 0, 0], 100)})
    apart = compare_models(truth, near, far, "mae", resamples=300)
    together = compare_models(truth, near, far, "mae", pd.Series(truth), resamples=300)
    assert apart.difference == together.difference == 1
    assert together.high - together.low > 4 * (apart.high - apart.low)


def test_rows_of_one_class_cannot_decide_by_auc() -> None:
    told = answers([0.1, 0.6])
    with pytest.raises(ValueError, match="auc cannot be measured on these 2 rows: too few, or of one class only"):
        compare_models(np.array([1, 1]), told, told, "auc", resamples=20)


@pytest.mark.parametrize("metric", ["auc", "accuracy"])
def test_rows_of_weight_two_are_compared_as_two_rows_of_one_key(metric: str) -> None:
    rng = np.random.default_rng(3)
    truth, weights = rng.integers(0, 2, 80), rng.integers(1, 4, 80)
    told = [
        pd.DataFrame({"probability": probability, "class": probability >= 0.5})
        for probability in (np.clip(truth * 0.3 + rng.random(80) * 0.7, 0, 1), rng.random(80))
    ]
    keys = pd.Series(np.arange(80))
    weighed = compare_models(truth, *told, metric, keys, 50, weights.astype(float))
    several = [each.loc[each.index.repeat(weights)].reset_index(drop=True) for each in told]
    repeated = compare_models(np.repeat(truth, weights), *several, metric, keys.repeat(weights), 50)
    for name in ("challenger", "champion", "difference", "low", "high"):
        assert getattr(weighed, name) == pytest.approx(getattr(repeated, name)), name


def test_models_that_number_their_classes_differently_are_not_compared() -> None:
    own, other = (
        answers([0.1, 0.6, 0.6, 0.9, 0.4, 0.2]).assign(
            **{"class": lambda told, order=order: pd.Categorical.from_codes(told["class"], order)}
        )
        for order in (["no", "yes"], ["yes", "no"])
    )
    assert compare_models(TRUTH, own, own, "auc", resamples=10).describe() == (
        "auc 0.8333 against 0.8333: no better (95 %: 0 to 0)"
    )
    with pytest.raises(ValueError, match=r"^its classes are no, yes in this order, and those of the other yes, no$"):
        compare_models(TRUTH, own, other, "auc", resamples=10)
