"""Scores of predictions by the metrics of a task, and the constant baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from casebook.evaluation.metrics import find_metric, metrics_of
from casebook.inference.predictions import choose_class, class_probability
from casebook.preprocessing.arrays import WEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from casebook.evaluation.metrics import Metric
    from casebook.evaluation.thresholds import ThresholdRule
    from casebook.preprocessing.tabular import Arrays


class ScoreError(ValueError):
    """Predictions that cannot be scored on these rows; the message says why and what to do."""


def score_predictions(
    task: str,
    target: np.ndarray,
    prediction: np.ndarray,
    threshold: float = 0.5,
    metrics: Sequence[Metric] | None = None,
    sample_weight: np.ndarray | None = None,
) -> dict[str, float]:
    """Score predictions by the metrics of a task.

    Args:
        task: `binary`, `multiclass` or `regression`.
        target: Shape (rows,). 0 or 1 for binary, class numbers from 0 for multiclass, any number for regression.
        prediction: Shape (rows,): probability of 1, or the predicted number; (rows, classes) of probabilities for
            multiclass.
        threshold: Lowest probability that counts as class 1; binary only.
        metrics: Some of the task's; None for all.
        sample_weight: Of the rows, shape (rows,); None for equal ones.

    Returns:
        A score a metric of `metrics`: binary `accuracy auc log_loss f1`; multiclass `accuracy log_loss`;
        regression `mae mse rmse` on all rows and `rmspe mape` as fractions on the rows whose target is above 0. What is
        not defined on these rows is left out.

    Raises:
        ValueError: The task is unknown, shapes do not fit, or a target is not one of the classes.
        ScoreError: A value is not finite, there are no rows, or a binary target holds one class only.
    """
    metrics = metrics_of(task) if metrics is None else metrics
    _check_shapes(task, target, prediction)
    _check_finite("target", target)
    _check_finite("prediction", prediction)
    _check_classes(task, target, prediction)
    scores = _score(metrics, task, target, prediction, threshold, sample_weight)
    return {name: score for name, score in scores.items() if not np.isnan(score)}


def score_outputs(
    names: Sequence[str],
    task: str,
    target: np.ndarray,
    outputs: np.ndarray,
    sample_weight: np.ndarray | None = None,
    threshold: float = 0.5,
) -> dict[str, float]:
    """Score a network's outputs by some metrics of its task, as after an epoch.

    Args:
        names: of the metrics.
        task: see `score_predictions`.
        target: shape (rows,).
        outputs: shape (rows, outputs).
        sample_weight: see `score_predictions`.
        threshold: see there.

    Returns:
        A score a name; NaN where it is not defined on these rows, and everywhere when an output is not finite.
    """
    if not np.isfinite(outputs).all():
        return dict.fromkeys(names, float("nan"))
    values = class_probability(task, outputs[:, 0] if outputs.shape[1] == 1 else outputs)
    metrics = [find_metric(name, task) for name in names]
    return _score(metrics, task, np.ravel(target), values, threshold, sample_weight)


def _score(
    metrics: Sequence[Metric],
    task: str,
    target: np.ndarray,
    values: np.ndarray,
    threshold: float,
    weights: np.ndarray | None,
) -> dict[str, float]:
    needs_class = any(metric.response == "class" for metric in metrics)
    chosen = choose_class(task, values, threshold) if needs_class else values
    weights = None if weights is None else weights.astype(np.float64)
    return {m.name: m.score(target, chosen if m.response == "class" else values, weights) for m in metrics}


def predict_baseline(
    task: str,
    train_target: np.ndarray,
    rows: int,
    classes: int | None = None,
    sample_weight: np.ndarray | None = None,
) -> np.ndarray:
    """Predict the training target's mean or class shares for every row, without any feature.

    At the threshold 0.5 the binary baseline has the accuracy of the majority class; a share of exactly 0.5 predicts
    class 1 (see `apply_threshold`). At another threshold its class may be the minority's.

    Args:
        task: `binary`, `multiclass` or `regression`.
        train_target: Shape (training rows,).
        rows: How many rows to predict.
        classes: How many classes there are, where the training rows may not show the last ones; multiclass only.
        sample_weight: Of the training rows; None for equal ones.

    Returns:
        float64, shape (rows,): training share of 1 (binary) or training mean (regression); (rows, classes): training
        share of each class (multiclass).

    Raises:
        ValueError: The task is unknown, or the training target is empty or not finite.
    """
    metrics_of(task)
    if len(train_target) == 0:
        raise ValueError("the training target is empty: a baseline needs at least one training row")
    _check_finite("train_target", train_target)
    if task == "multiclass":
        counts = np.bincount(train_target.astype(np.intp), sample_weight, minlength=classes or 0)
        return np.tile(counts / counts.sum(), (rows, 1))
    if sample_weight is not None:
        return np.full(rows, np.average(train_target.astype(np.float64), weights=sample_weight))
    return np.full(rows, np.mean(train_target, dtype=np.float64))


def score_network(network: keras.Model, rows: Arrays, task: str, threshold: float) -> dict[str, float]:
    """Score a network on prepared rows; see `score_predictions`."""
    from casebook.evaluation.prediction import predict

    values = class_probability(task, predict(network, rows))
    return score_predictions(task, rows["target"], values, threshold, sample_weight=rows.get(WEIGHT))


def score_baseline(
    network: keras.Model, rows: Arrays, train: Arrays, task: str, rule: ThresholdRule
) -> dict[str, float]:
    """Score the baseline of training rows on other rows; the network's outputs state the number of classes."""
    outputs, count = network.output_shape[-1], len(rows["target"])
    plain = predict_baseline(task, train["target"], count, outputs if outputs > 1 else None, train.get(WEIGHT))
    threshold = choose_for_baseline(rule, task, train)
    return score_predictions(task, rows["target"], plain, threshold, sample_weight=rows.get(WEIGHT))


def choose_for_baseline(rule: ThresholdRule, task: str, train: Arrays) -> float:
    """Choose the baseline's threshold on the training rows, which are all that it knows: all rows are of one class."""
    target, weights = train["target"], train.get(WEIGHT)
    if not rule.is_chosen:
        return rule.choose(target, target)
    return rule.choose(target, predict_baseline(task, target, len(target), sample_weight=weights), weights)


def apply_threshold(probability: np.ndarray, threshold: float) -> np.ndarray:
    """Choose classes by a threshold: 1 where the probability reaches it, else 0.

    Returns:
        int8, same shape.
    """
    return (probability >= threshold).astype(np.int8)


def compute_auc(target: np.ndarray, probability: np.ndarray) -> float:
    """Compute the area under the ROC curve on all rows, ties counted half.

    Args:
        target: Shape (rows,), 0 or 1.
        probability: Shape (rows,); any score that grows with the chance of 1.

    Raises:
        ValueError: The target holds one class only, or values other than 0 and 1; a score is NaN or infinite.
    """
    _check_two_classes(target)
    if not np.isfinite(probability).all():
        raise ValueError("a score is NaN or infinite: rows cannot be ranked by it")
    return find_metric("auc").score(target, probability)


def _check_shapes(task: str, target: np.ndarray, prediction: np.ndarray) -> None:
    dimensions = 2 if task == "multiclass" else 1
    # A (rows, 1) prediction would silently broadcast to (rows, rows).
    if target.ndim != 1 or prediction.ndim != dimensions:
        wanted = "(rows, classes)" if dimensions == 2 else "(rows,); flatten a network's output with prediction[:, 0]"
        raise ValueError(
            f"{task} needs a target of shape (rows,) and a prediction of shape {wanted}; "
            f"got {target.shape} and {prediction.shape}"
        )
    if len(target) != len(prediction):
        raise ValueError(f"target has {len(target)} rows but prediction {len(prediction)}: pass the same rows to both")
    if len(target) == 0:
        raise ScoreError("there are no rows to score: give the split a larger share for this part")


def _check_finite(name: str, values: np.ndarray) -> None:
    broken = ~np.isfinite(values)
    if broken.any():
        raise ScoreError(
            f"{name} holds {np.count_nonzero(broken)} values that are not finite, the first in row "
            f"{np.argwhere(broken)[0][0]}: look for nulls in the prepared rows or lower the learning rate"
        )


def _check_classes(task: str, target: np.ndarray, prediction: np.ndarray) -> None:
    if task == "binary":
        _check_two_classes(target)
    if task != "regression":
        _check_probabilities(prediction)
    if task == "multiclass":
        labels, classes = target.astype(np.intp), prediction.shape[1]
        if np.any((labels != target) | (labels < 0) | (labels >= classes)):
            raise ValueError(
                f"target must hold class numbers 0 to {classes - 1}, one for each column of the prediction"
            )


def _check_probabilities(prediction: np.ndarray) -> None:
    if prediction.min() < 0 or prediction.max() > 1:
        raise ValueError("prediction must hold probabilities from 0 to 1: end the network in a sigmoid or softmax")


def _check_two_classes(target: np.ndarray) -> None:
    found = np.unique(target)
    if not np.isin(found, (0, 1)).all():
        raise ValueError(f"a binary target must hold only 0 and 1; found {', '.join(map(str, found[:5]))}")
    if len(found) < 2:
        raise ScoreError(
            f"the target of these {len(target)} rows holds only {', '.join(map(str, found)) or 'nothing'}, so AUC is "
            "undefined: use more rows or a split that leaves both classes on every side"
        )
