import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, roc_auc_score

from casebook.evaluation.scores import apply_threshold, compute_auc, predict_baseline, score_predictions

TARGET = np.array([0, 0, 1, 1])
PROBABILITY = np.array([0.1, 0.6, 0.4, 0.9])


def test_binary_scores_are_those_computed_by_hand() -> None:
    scores = score_predictions("binary", TARGET, PROBABILITY)
    expected_loss = -(np.log(0.9) + np.log(0.4) + np.log(0.4) + np.log(0.9)) / 4
    assert scores == pytest.approx({"accuracy": 0.5, "auc": 0.75, "log_loss": expected_loss, "f1": 0.5})


def test_the_threshold_moves_accuracy_and_f1_only() -> None:
    scores = score_predictions("binary", TARGET, PROBABILITY, threshold=0.4)
    default = score_predictions("binary", TARGET, PROBABILITY)
    assert (scores["accuracy"], scores["f1"]) == pytest.approx((0.75, 0.8))
    assert (scores["auc"], scores["log_loss"]) == (default["auc"], default["log_loss"])


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_binary_scores_agree_with_scikit_learn_even_where_probabilities_saturate(precision: type) -> None:
    generator = np.random.default_rng(0)
    target = generator.integers(0, 2, 1000)
    probability = np.round(generator.random(1000), 1).astype(precision)
    scores = score_predictions("binary", target, probability)
    assert scores["auc"] == pytest.approx(roc_auc_score(target, probability))
    assert scores["log_loss"] == pytest.approx(log_loss(target, probability), rel=1e-5)
    assert scores["f1"] == pytest.approx(f1_score(target, probability >= precision(0.5)))


def test_multiclass_scores_are_those_computed_by_hand() -> None:
    prediction = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.25, 0.25, 0.5]])
    scores = score_predictions("multiclass", np.array([0, 1, 2]), prediction)
    expected_loss = -(np.log(0.7) + np.log(0.3) + np.log(0.5)) / 3
    assert scores == pytest.approx({"accuracy": 2 / 3, "log_loss": expected_loss})


def test_regression_leaves_zero_targets_out_of_relative_errors_only() -> None:
    scores = score_predictions("regression", np.array([0.0, 10.0, 20.0]), np.array([3.0, 11.0, 16.0]))
    expected = {"mae": 8 / 3, "mse": 26 / 3, "rmse": (26 / 3) ** 0.5, "rmspe": (0.05 / 2) ** 0.5, "mape": 0.15}
    assert scores == pytest.approx(expected)


def test_regression_without_positive_targets_has_no_relative_errors() -> None:
    assert set(score_predictions("regression", np.array([0.0, -1.0]), np.array([1.0, 1.0]))) == {"mae", "mse", "rmse"}


def test_the_binary_baseline_has_the_accuracy_of_the_majority_class_and_no_auc() -> None:
    baseline = predict_baseline("binary", np.array([0, 0, 0, 1]), rows=5)
    np.testing.assert_array_equal(baseline, np.full(5, 0.25))
    scores = score_predictions("binary", np.array([0, 0, 0, 1, 1]), baseline)
    assert (scores["accuracy"], scores["auc"], scores["f1"]) == (0.6, 0.5, 0.0)


def test_a_share_of_exactly_one_half_predicts_class_one() -> None:
    np.testing.assert_array_equal(apply_threshold(predict_baseline("binary", TARGET, rows=2), 0.5), [1, 1])


def test_the_multiclass_baseline_gives_class_shares_with_classes_that_training_lacks() -> None:
    baseline = predict_baseline("multiclass", np.array([0, 1, 1, 1]), rows=2, classes=3)
    np.testing.assert_array_equal(baseline, [[0.25, 0.75, 0.0], [0.25, 0.75, 0.0]])


def test_the_regression_baseline_is_the_training_mean() -> None:
    np.testing.assert_array_equal(predict_baseline("regression", np.array([1.0, 2.0, 6.0]), rows=2), [3.0, 3.0])


@pytest.mark.parametrize(
    ("task", "target", "prediction", "message"),
    [
        ("binary", [1, 1], [0.5, 0.6], "holds only 1, so AUC is undefined: use more rows"),
        ("binary", [0, 2], [0.5, 0.6], "must hold only 0 and 1; found 0, 2"),
        ("binary", [0, 1], [0.5, 1.6], "probabilities from 0 to 1"),
        ("binary", [0, 1], [0.5, np.nan], "prediction holds 1 values that are not finite, the first in row 1"),
        ("binary", [0, 1, 1], [0.5, 0.6], "target has 3 rows but prediction 2"),
        ("binary", [0, 1], [[0.5], [0.6]], "flatten a network's output"),
        ("binary", [], [], "no rows to score"),
        ("multiclass", [0, 3], [[0.5, 0.5], [0.5, 0.5]], "class numbers 0 to 1"),
        ("regression", [np.inf, 1.0], [1.0, 1.0], "target holds 1 values that are not finite"),
        ("ranking", [0, 1], [0.5, 0.6], "unknown task 'ranking'; choose one of: binary, multiclass, regression"),
    ],
)
def test_unusable_input_is_refused_with_advice(task: str, target: list, prediction: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score_predictions(task, np.array(target), np.array(prediction))


def test_a_baseline_of_nothing_or_of_an_unknown_task_is_refused() -> None:
    with pytest.raises(ValueError, match="the training target is empty"):
        predict_baseline("binary", np.array([]), rows=1)
    with pytest.raises(ValueError, match="unknown task"):
        predict_baseline("ranking", TARGET, rows=1)


def test_ties_count_half_in_the_auc() -> None:
    assert compute_auc(np.array([0, 1]), np.array([0.5, 0.5])) == 0.5


def test_scoring_leaves_its_inputs_as_they_were() -> None:
    target, probability = TARGET.copy(), PROBABILITY.copy()
    target.flags.writeable = probability.flags.writeable = False
    score_predictions("binary", target, probability)
    predict_baseline("binary", target, rows=3)
    np.testing.assert_array_equal(target, TARGET)
    np.testing.assert_array_equal(probability, PROBABILITY)
