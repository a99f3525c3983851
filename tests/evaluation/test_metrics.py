"""One table says what a metric is; all that judge read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as theirs

from casebook.config.schema import PromotionParameters, StudyParameters, TrainingParameters
from casebook.evaluation.metrics import (
    TASKS,
    Metric,
    find_metric,
    is_greater_better,
    main_metric,
    metrics_of,
    parse_name,
    register,
    unregister,
)
from casebook.evaluation.permutation_importance import permute_importance
from casebook.evaluation.scores import score_outputs, score_predictions
from casebook.model_registry.comparison import compare_models
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Learnable = tuple[TabularPreprocessor, Arrays, Arrays]
# Few values, so that many rows tie; weights of 0 leave rows out.
Rows = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8).map(lambda n: n / 8), st.integers(0, 3)), min_size=1, max_size=30
)
OF_CLASSES = {"accuracy": theirs.accuracy_score, "f1": theirs.f1_score}
OF_NUMBERS = {
    "mae": theirs.mean_absolute_error,
    "mse": theirs.mean_squared_error,
    "rmse": theirs.root_mean_squared_error,
    "mape": theirs.mean_absolute_percentage_error,
}


def split(rows: list[tuple[bool, float, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth, values, weights = zip(*rows, strict=True)
    return np.array(truth, int), np.array(values), np.array(weights, float)


def compute(metric: str, target: np.ndarray, response: np.ndarray, weights: np.ndarray) -> list[float]:
    """Compute a score with weights, and of rows that stand as often as they say."""
    again = weights.astype(int)
    scorer = find_metric(metric).scorer(target, response)
    # A scorer is used for many weightings: one does not change the next.
    scorer(np.ones(len(target)))
    return [scorer(weights), find_metric(metric).score(np.repeat(target, again), np.repeat(response, again))]


@given(Rows)
def test_the_area_is_scikit_learns_with_ties_and_weights_and_nothing_for_one_class(rows: list) -> None:
    target, probability, weights = split(rows)
    seen = set(target[weights > 0])
    found = compute("auc", target, probability, weights)
    if len(seen) < 2:
        assert np.isnan(found).all()
    else:
        assert found == pytest.approx([theirs.roc_auc_score(target, probability, sample_weight=weights)] * 2)


@given(Rows)
def test_scores_of_classes_are_scikit_learns(rows: list) -> None:
    target, probability, weights = split(rows)
    chosen = (probability >= 0.5).astype(int)
    if not weights.any():
        assert all(np.isnan(compute(name, target, chosen, weights)).all() for name in OF_CLASSES)
        return
    for name, score in OF_CLASSES.items():
        defined = name != "f1" or weights[(target | chosen) == 1].any()
        expected = score(target, chosen, sample_weight=weights) if defined else np.nan
        assert compute(name, target, chosen, weights) == pytest.approx([expected] * 2, nan_ok=True)
    expected = theirs.log_loss(target, probability, sample_weight=weights, labels=[0, 1])
    assert compute("log_loss", target, probability, weights) == pytest.approx([expected] * 2)


@given(Rows)
def test_errors_are_scikit_learns_relative_ones_on_the_rows_above_zero(rows: list) -> None:
    target, value, weights = split(rows)
    target = target * 4.0
    for name, score in OF_NUMBERS.items():
        counted = weights * (target > 0) if name == "mape" else weights
        expected = score(target, value, sample_weight=counted) if counted.any() else np.nan
        assert compute(name, target, value, weights) == pytest.approx([expected] * 2, nan_ok=True)
    above = target > 0
    relative = theirs.root_mean_squared_error(np.ones(above.sum()), value[above] / 4, sample_weight=weights[above]) if (
        weights[above].any()
    ) else np.nan  # fmt: skip
    assert compute("rmspe", target, value, weights) == pytest.approx([relative] * 2, nan_ok=True)


def test_an_area_near_one_end_is_exact_where_200_thresholds_see_ties() -> None:
    """Rank 2 positives in 1,000 above all others, everything between 0 and .004."""
    target = np.repeat([0, 1], [998, 2])
    probability = np.linspace(0, 0.004, 1000, dtype=np.float32)
    assert find_metric("auc").score(target, probability) == 1.0
    assert find_metric("auc").score(target, 1 - probability) == 0.0


def test_what_is_not_defined_is_nan_and_never_zero() -> None:
    one_class, half = np.ones(3), np.full((3, 1), 0.5, np.float32)
    assert score_outputs(["auc", "accuracy"], "binary", one_class, half) == pytest.approx(
        {"auc": np.nan, "accuracy": 1.0}, nan_ok=True
    )
    assert np.isnan(score_outputs(["rmspe", "mape"], "regression", np.zeros(3), half)["rmspe"])
    broken = np.array([[0.5], [np.nan], [0.5]])
    found = score_outputs(["accuracy", "auc", "log_loss", "f1"], "binary", np.array([0, 1, 1]), broken)
    assert np.isnan(list(found.values())).all()


def test_two_outputs_of_a_binary_network_are_judged_by_that_of_class_one() -> None:
    outputs = np.array([[0.8, 0.2], [0.1, 0.9], [0.3, 0.7]], np.float32)
    assert score_outputs(["auc", "accuracy"], "binary", np.array([0, 1, 1]), outputs) == {"auc": 1.0, "accuracy": 1.0}
    assert score_outputs(["accuracy"], "multiclass", np.array([2]), np.eye(3)[[2]]) == {"accuracy": 1.0}


@pytest.mark.parametrize(
    ("name", "part", "metric"),
    [
        ("auc", "", "auc"),
        ("val/auc", "val", "auc"),
        ("val/log_loss", "val", "log_loss"),
        ("folds/baseline_accuracy_mean", "folds", "accuracy"),
        ("test/accuracy_at_0.6", "test", "accuracy"),
        ("test/rmspe_std", "test", "rmspe"),
        ("train/loss", "train", "loss"),
    ],
)
def test_names_are_taken_apart_in_one_place(name: str, part: str, metric: str) -> None:
    assert parse_name(name) == (part, metric)


def test_which_way_is_better_is_said_of_metrics_losses_and_costs() -> None:
    greater = ["accuracy", "val/auc", "test/f1", "folds/accuracy_mean", "test/accuracy_at_0.6"]
    smaller = ["val/loss", "weights", "seconds", "val/log_loss", "mae", "mse", "rmse", "rmspe", "test/mape"]
    assert [is_greater_better(name) for name in greater + smaller] == [True] * 5 + [False] * 9
    with pytest.raises(ValueError, match="metric val/acc is unknown: give accuracy or auc or log_loss or f1 or mae"):
        is_greater_better("val/acc")


def test_a_metric_of_another_task_is_refused_with_those_that_fit() -> None:
    with pytest.raises(ValueError, match=r"metric val/auc does not fit the task multiclass: give accuracy or log_l"):
        find_metric("val/auc", "multiclass")
    with pytest.raises(ValueError, match="unknown task 'ranking'"):
        main_metric("ranking")
    assert [main_metric(task).name for task in TASKS] == ["auc", "accuracy", "mae"]


@pytest.mark.parametrize("name", ["auc", "loss", "seconds", "hit_mean", "val/new", "top_at_5"])
def test_a_name_that_is_taken_or_would_be_misread_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="the name is taken, or ends like"):
        register(Metric(name, ("binary",), True, "class", lambda y, p: y == p))


def test_a_metric_says_how_it_is_computed_once() -> None:
    accuracy, area = find_metric("accuracy").per_row, find_metric("auc").over_all
    for per_row, over_all in ((None, None), (accuracy, area)):
        with pytest.raises(ValueError, match="'new': give one of per_row and over_all"):
            register(Metric("new", ("binary",), True, "class", per_row, over_all))


@pytest.fixture
def brier() -> Iterator[Metric]:
    """Add a metric, in one place."""
    yield register(Metric("brier", ("binary",), False, "probability", lambda y, p: (p - y) ** 2, label="Brier score"))
    unregister("brier")


@pytest.mark.usefixtures("brier")
def test_a_new_metric_is_seen_wherever_metrics_are(
    learnable: Learnable, training: Callable[..., TrainingParameters]
) -> None:
    truth, good, poor = np.array([0, 1, 1, 0]), np.array([0.1, 0.8, 0.9, 0.3]), np.array([0.4, 0.5, 0.6, 0.5])
    assert score_predictions("binary", truth, good)["brier"] == pytest.approx(0.0375)
    assert [m.name for m in metrics_of("binary")][-1] == "brier"
    preprocessor, rows, validation = learnable
    parameters = training(metrics=["brier"], early_stopping={"metric": "val/brier", "patience": 5})
    _, history = train_network(rows, validation, preprocessor, parameters)
    assert {"train/brier", "val/brier"} <= set(history)
    assert (history["val/brier"].between(0.01, 0.5)).all()
    study = StudyParameters.model_validate({"metric": "val/brier"})
    assert study.direction == ["minimize"]
    assert PromotionParameters.model_validate({"metric": "brier"}).metric == "brier"
    told = [pd.DataFrame({"probability": values, "class": values >= 0.5}) for values in (good, poor)]
    contest = compare_models(truth, *told, "brier", resamples=20)
    assert (contest.challenger, contest.champion) == pytest.approx((0.0375, np.mean((poor - truth) ** 2)))
    assert contest.difference > 0
    arrays = {"numbers": good[:, None]}
    table = permute_importance(
        lambda blocks: blocks["numbers"],
        arrays,
        {"raw": lambda order: {"numbers": good[order][:, None]}},
        truth,
        5,
        1,
        metric="brier",
    )
    assert table["metric"].tolist() == ["brier"]
    assert table["drop_mean"].iloc[0] > 0


def test_without_it_the_same_name_is_refused() -> None:
    with pytest.raises(ValueError, match="metric brier is unknown: give accuracy or auc"):
        PromotionParameters.model_validate({"metric": "brier"})
