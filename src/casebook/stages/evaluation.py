"""Nodes of the evaluation: predictions, scores, importance and figures on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.data import splitting
from casebook.inference.predictions import (
    class_probability,
    frame_predictions,
    insert_class,
    label_frame,
    read_predictions,
    task_of,
)
from casebook.preprocessing.arrays import WEIGHT
from casebook.preprocessing.tabular import TabularPreprocessor

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.row_schema import RowSchema
    from casebook.preprocessing.tabular import Arrays

Block = dict[str, Any]
# Scores on the training rows only show how far a network has fitted them; so many tell that.
MAX_FIT_ROWS = 50_000


def predict_test(network: keras.Model, test_arrays: Arrays, task: str) -> pd.DataFrame:
    """Predict the test rows.

    Returns:
        `probability` of class 1, `probability_0` ... of several classes, or `prediction`; `actual`; and `weight` where
        rows do not count alike.
    """
    from casebook.evaluation.prediction import predict

    return frame_predictions(task, predict(network, test_arrays), test_arrays["target"], test_arrays.get(WEIGHT))


def predict_with_reference(reference_model: Any, test_rows: Arrays, task: str) -> pd.DataFrame:  # noqa: ANN401 - an estimator
    """Predict the test rows with the reference; see `predict_test`. One that is left out predicts no rows."""
    from casebook.baselines.gradient_boosting import NoReference, predict_reference

    if isinstance(reference_model, NoReference):
        return pd.DataFrame()
    outputs = predict_reference(reference_model, test_rows)
    return frame_predictions(task, outputs, test_rows["target"], test_rows.get(WEIGHT))


def choose_threshold(network: keras.Model, validation_arrays: Arrays, task: str, evaluation: Block) -> float:
    """Choose the threshold of class 1 on the validation rows, where `evaluation.threshold` names a rule."""
    from casebook.evaluation.thresholds import ThresholdRule, choose_for_network

    return choose_for_network(ThresholdRule.of(evaluation), network, validation_arrays, task)


def choose_reference_threshold(
    reference_model: Any,  # noqa: ANN401 - an estimator
    validation_rows: Arrays,
    task: str,
    evaluation: Block,
) -> float:
    """Choose the reference's own threshold by the same rule, since its probabilities are others."""
    from casebook.baselines.gradient_boosting import NoReference, predict_reference
    from casebook.evaluation.thresholds import MIDDLE, ThresholdRule

    rule, target = ThresholdRule.of(evaluation), validation_rows["target"]
    if not rule.is_chosen:
        return rule.choose(target, target)
    if isinstance(reference_model, NoReference):
        return MIDDLE
    probability = class_probability(task, predict_reference(reference_model, validation_rows))
    return rule.choose(target, probability, validation_rows.get(WEIGHT))


def score_test(
    test_predictions: pd.DataFrame,
    reference_predictions: pd.DataFrame,
    train_arrays: Arrays,
    evaluation: Block,
    threshold: float,
    reference_threshold: float,
) -> dict[str, float]:
    """Score network, baseline and reference on the same test rows.

    Returns:
        `test/<metric>`, `baseline/<metric>` (the training rows' class shares or mean) and, unless it is left out,
        `reference/<metric>`; `test/accuracy_at_<threshold>` for further thresholds; and, where a rule chose them,
        `evaluation/threshold` and `evaluation/reference_threshold`.
    """
    from casebook.evaluation.scores import apply_threshold, choose_for_baseline, predict_baseline, score_predictions
    from casebook.evaluation.thresholds import ThresholdRule

    task, actual = task_of(test_predictions), test_predictions["actual"].to_numpy()
    own, rule = read_predictions(test_predictions), ThresholdRule.of(evaluation)
    classes = own.shape[1] if own.ndim == 2 else None
    plain = predict_baseline(task, train_arrays["target"], len(actual), classes, train_arrays.get(WEIGHT))
    weights = test_predictions["weight"].to_numpy(np.float64) if "weight" in test_predictions else None
    judged = {
        "test": (own, threshold),
        "baseline": (plain, choose_for_baseline(rule, task, train_arrays)),
    }
    if not reference_predictions.empty:
        judged["reference"] = read_predictions(reference_predictions), reference_threshold
    scores = {
        f"{who}/{name}": value
        for who, terms in judged.items()
        for name, value in score_predictions(task, actual, *terms, sample_weight=weights).items()
    }
    further = evaluation["thresholds"] if task == "binary" else []
    scores |= {
        f"test/accuracy_at_{t:g}": float(np.average(apply_threshold(own, t) == actual, weights=weights))
        for t in further
    }
    names = {"test": "threshold", "reference": "reference_threshold"} if rule.is_chosen else {}
    return scores | {f"evaluation/{name}": judged[who][1] for who, name in names.items() if who in judged}


def score_networks(network: keras.Model, test_arrays: Arrays, task: str, threshold: float) -> dict[str, float]:
    """Score the networks of an ensemble one by one on the test rows, beside the scores of all together.

    Returns:
        `network_<number>/<metric>` and `network_<number>/weight`, counted from 1, and `boosted_trees/...` of those
        beside them; nothing of a single network.
    """
    from casebook.evaluation.scores import score_network
    from casebook.models.network_ensemble import list_networks, list_weights, name_networks

    weights = list_weights(network)
    if len(weights) == 1:
        return {}
    found: dict[str, float] = {}
    for who, each, weight in zip(name_networks(network), list_networks(network), weights, strict=True):
        scores = {"weight": weight, **score_network(each, test_arrays, task, threshold)}
        found |= {f"{who}/{name}": value for name, value in scores.items()}
    return found


def score_training(network: keras.Model, train_arrays: Arrays, task: str, threshold: float) -> dict[str, float]:
    """Score the trained network on training rows, which shows overfitting and is no estimate of its quality.

    Returns:
        `fit/<metric>`, of evenly spaced rows where there are many.
    """
    from casebook.evaluation.scores import score_network

    step = -(-len(train_arrays["target"]) // MAX_FIT_ROWS)
    rows = {name: np.ascontiguousarray(values[::step]) for name, values in train_arrays.items()}
    scores = score_network(network, rows, task, threshold)
    return {f"fit/{name}": value for name, value in scores.items()}


def rank_raw_columns(
    network: keras.Model,
    test_arrays: Arrays,
    preprocessor: Preprocessor,
    joined_rows: pd.DataFrame,
    split_assignment: pd.DataFrame,
    evaluation: Block,
    *,
    engineer: Callable[[pd.DataFrame], pd.DataFrame],
    feature_sources: FeatureSources,
    row_schema: RowSchema | None = None,
) -> pd.DataFrame:
    """Measure how much worse the network gets when one raw column is permuted among test rows.

    It counts with all features that the column enters; see `permutation_importance.permute_raw_columns`.

    Returns:
        `raw_column`, `metric`, `drop_mean`, `drop_std`, largest first; no rows for images and texts.
    """
    from casebook.evaluation.permutation_importance import permute_importance, permute_raw_columns
    from casebook.models.networks import make_predictor, task_of_network

    if not isinstance(preprocessor, TabularPreprocessor):
        return pd.DataFrame(columns=["raw_column", "metric", "drop_mean", "drop_std"])
    # The test rows come in the order of the file; evenly spaced ones stand for all of them.
    step = max(1, len(test_arrays["target"]) // evaluation["importance_rows"])
    sampled = {name: values[::step] for name, values in test_arrays.items()}
    target, weights = sampled.pop("target"), sampled.pop(WEIGHT, None)
    rows = joined_rows.iloc[np.flatnonzero(split_assignment["part"] & splitting.TEST)[::step]]
    task, predict_rows = task_of_network(network), make_predictor(network)
    if row_schema is not None and row_schema.looks_back:
        engineer = row_schema.with_history(row_schema.keep_history(joined_rows)).engineer_features
    return permute_importance(
        lambda rows: class_probability(task, predict_rows(rows)),
        sampled,
        permute_raw_columns(sampled, rows, preprocessor, feature_sources, engineer),
        target,
        evaluation["importance_repeats"],
        seed=0,
        task=task,
        sample_weight=weights,
    )


def draw_evaluation(
    test_predictions: pd.DataFrame,
    reference_predictions: pd.DataFrame,
    history: pd.DataFrame,
    importance: pd.DataFrame,
    threshold: float,
) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Draw the figures of the evaluation.

    Returns:
        Figures by file name, and the numbers behind each by name.
    """
    from casebook.plots.tasks import draw_task_figures

    reference = None if reference_predictions.empty else reference_predictions
    tables, figures = draw_task_figures(test_predictions, reference, threshold, history, importance)
    return {f"{name}.png": figure for name, figure in figures.items()}, tables


def select_head(
    test_predictions: pd.DataFrame, evaluation: Block, threshold: float, *, row_schema: RowSchema | None = None
) -> pd.DataFrame:
    """Select the first test rows with their predicted classes, labelled as they are written."""
    head = insert_class(test_predictions.head(evaluation["head_rows"]), threshold)
    return label_frame(head, row_schema.classes) if row_schema else head
