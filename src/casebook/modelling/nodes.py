"""Nodes of the shared stages. Each takes the smallest parameter block that it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook import parameters
from casebook.learning import splitting
from casebook.learning.columns import InvalidTableError
from casebook.learning.fitting import fit_preparation
from casebook.learning.packaging import Package
from casebook.learning.preparation import Arrays, Preparation, prepare_rows
from casebook.learning.serving import raw_form

if TYPE_CHECKING:
    import keras
    from sklearn.ensemble import HistGradientBoostingClassifier

    from casebook.learning.training import Monitor

Block = dict[str, Any]
EXAMPLE_ROWS = 5


def assign_parts(feature_table: pd.DataFrame, split: Block, target: str) -> pd.DataFrame:
    """Assign each row to training, validation or test.

    Returns:
        One column `part`, uint8: 0 training, 1 validation, 2 test.
    """
    settings = parameters.SplitParameters.model_validate(split)
    shares = (settings.test_share, settings.validation_share, settings.seed)
    if settings.strategy == "row":
        parts = splitting.split_rows(len(feature_table), *shares)
    else:
        parts = splitting.split_keys(feature_table[settings.keys[settings.strategy]], *shares)
    splitting.check_parts(parts, feature_table[target].to_numpy(), classes=True)
    return pd.DataFrame({"part": parts})


def describe_split(
    feature_table: pd.DataFrame, parts: pd.DataFrame, preparation: Preparation, split: Block
) -> dict[str, float]:
    """Count what each part holds and tell what the split lets a model see.

    Returns:
        `data/<part>_rows`, `data/features`, and for each key the share of test rows whose key was in training.
    """
    part = parts["part"].to_numpy()
    counts = {f"data/{name}_rows": float((part == number).sum()) for name, number in splitting.PARTS.items()}
    overlap = splitting.measure_overlap(feature_table, part, split["keys"])
    seen = {f"test/{name}": share for name, share in overlap.items()}
    return {**counts, "data/features": float(len(preparation.features) + len(preparation.embedded)), **seen}


def fit_preparation_on_training(
    feature_table: pd.DataFrame, parts: pd.DataFrame, preparation: Block, target: str
) -> Preparation:
    """Fit fills, clips, categories and scales on the training rows alone."""
    rows = feature_table[(parts["part"] == splitting.TRAIN).to_numpy()].drop(columns=target)
    return fit_preparation(rows, parameters.PreparationParameters.model_validate(preparation))


def apply_preparation(
    feature_table: pd.DataFrame, parts: pd.DataFrame, preparation: Preparation, target: str
) -> tuple[Arrays, Arrays, Arrays]:
    """Turn each part into model arrays.

    Returns:
        Arrays of the training, validation and test rows: `codes`, `ids`, `numbers` and `target`.
    """
    part = parts["part"].to_numpy()
    prepared = {**prepare_rows(feature_table, preparation), "target": feature_table[target].to_numpy("uint8")}
    rows = [np.flatnonzero(part == number) for number in splitting.PARTS.values()]
    train, validation, test = ({name: values.take(r, axis=0) for name, values in prepared.items()} for r in rows)
    return train, validation, test


def train_network(
    train_arrays: Arrays, validation_arrays: Arrays, preparation: Preparation, training: Block, monitor: Monitor
) -> tuple[keras.Model, pd.DataFrame]:
    """Train the network that the parameters describe; see `learning.training.train_network`."""
    from casebook.learning import training as library

    settings = parameters.TrainingParameters.model_validate(training)
    return library.train_network(train_arrays, validation_arrays, preparation, settings, monitor)


def predict_test(network: keras.Model, test_arrays: Arrays) -> pd.DataFrame:
    """Predict the test rows.

    Returns:
        `probability` of class 1 and the `actual` class, a row a test row.
    """
    from casebook.learning.networks import predict

    return pd.DataFrame({"probability": predict(network, test_arrays), "actual": test_arrays["target"]})


def fit_reference(
    train_arrays: Arrays, validation_arrays: Arrays, preparation: Preparation, reference: Block
) -> HistGradientBoostingClassifier:
    """Fit the boosted trees that the network is measured against."""
    from casebook.learning import reference as library

    settings = parameters.ReferenceParameters.model_validate(reference)
    return library.fit_reference(train_arrays, validation_arrays, preparation, settings)


def predict_with_reference(reference_model: HistGradientBoostingClassifier, test_arrays: Arrays) -> pd.DataFrame:
    """Predict the test rows with the reference: `probability` and `actual`."""
    from casebook.learning.reference import predict_reference

    probability = predict_reference(reference_model, test_arrays)
    return pd.DataFrame({"probability": probability, "actual": test_arrays["target"]})


def score_test(
    test_predictions: pd.DataFrame,
    reference_predictions: pd.DataFrame,
    train_arrays: Arrays,
    task: str,
    evaluation: Block,
) -> dict[str, float]:
    """Score network, baseline and reference on the same test rows.

    Returns:
        `test/<metric>`, `baseline/<metric>` (the training rows' class shares) and `reference/<metric>`.
    """
    from casebook.learning.scoring import predict_baseline, score_predictions

    actual = test_predictions["actual"].to_numpy()
    predictions = {
        "test": test_predictions["probability"].to_numpy(),
        "baseline": predict_baseline(task, train_arrays["target"], len(actual)),
        "reference": reference_predictions["probability"].to_numpy(),
    }
    return {
        f"{who}/{name}": value
        for who, values in predictions.items()
        for name, value in score_predictions(task, actual, values, evaluation["threshold"]).items()
    }


def rank_raw_columns(
    network: keras.Model,
    test_arrays: Arrays,
    preparation: Preparation,
    feature_sources: dict[str, str],
    evaluation: Block,
) -> pd.DataFrame:
    """Measure how much worse the network gets when one raw column's values are shuffled among test rows.

    Returns:
        `raw_column`, `auc_drop_mean`, `auc_drop_std`, largest first.
    """
    from casebook.learning.importance import permute_importance
    from casebook.learning.networks import make_predictor

    sources: dict[str, list[tuple[str, int]]] = {}
    for feature, raw in feature_sources.items():
        sources.setdefault(raw, []).append(preparation.positions[feature])
    # The test rows come in the order of the file; evenly spaced ones stand for all of them.
    step = max(1, len(test_arrays["target"]) // evaluation["importance_rows"])
    sampled = {name: values[::step] for name, values in test_arrays.items()}
    target = sampled.pop("target")
    repeats = evaluation["importance_repeats"]
    return permute_importance(make_predictor(network), sampled, sources, target, repeats, seed=0)


def draw_evaluation(
    test_predictions: pd.DataFrame,
    reference_predictions: pd.DataFrame,
    history: pd.DataFrame,
    importance: pd.DataFrame,
    evaluation: Block,
) -> tuple[dict[str, Any], dict[str, pd.DataFrame], pd.DataFrame]:
    """Draw the evaluation's figures.

    Returns:
        Figures by file name, the numbers behind each by name, and the first test rows with their probabilities.
    """
    from casebook.learning.figures import draw_binary_figures

    tables, figures = draw_binary_figures(
        test_predictions["actual"].to_numpy(),
        test_predictions["probability"].to_numpy(),
        reference_predictions["probability"].to_numpy(),
        evaluation["threshold"],
        history,
        importance,
    )
    head = tables["probabilities"].head(evaluation["head_rows"])
    return {f"{name}.png": figure for name, figure in figures.items()}, tables, head


def take_example(joined_rows: pd.DataFrame, target: str) -> pd.DataFrame:
    """Take a few rows as they stand in the raw files, without the target; the model shows them as its input."""
    return raw_form(joined_rows.drop(columns=target, errors="ignore").head(EXAMPLE_ROWS))


def package_model(
    network: keras.Model, preparation: Preparation, example_rows: pd.DataFrame, evaluation: Block
) -> Package:
    """Put feature engineering, preparation and network together with the example of raw rows."""
    return Package(network, preparation, evaluation["threshold"], example_rows)


def profile_table(table: pd.DataFrame, target: str) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Look at a table before anything is done to it.

    Returns:
        Figures by file name, and the tables `columns` and `categories`.
    """
    from casebook.learning.profile import draw_profile, profile_categories, profile_columns

    outcome = table.get(target)
    values = table.drop(columns=target, errors="ignore")
    ids = [str(name) for name in table if isinstance(table[name].dtype, pd.StringDtype)]
    figures = draw_profile(values, outcome)
    tables = {"columns": profile_columns(table, ids), "categories": profile_categories(values, outcome)}
    return {f"{name}.png": figure for name, figure in figures.items()}, tables


def refuse_one_class(table: pd.DataFrame, target: str, name: str) -> None:
    """Refuse a labelled table whose target has a single value, from which nothing can be learnt.

    Raises:
        InvalidTableError: names the file and the value.
    """
    if table[target].nunique() < 2:
        only = table[target].iloc[0]
        raise InvalidTableError(f"{name}, column {target}: every row is {only}; both classes are needed to learn from")
