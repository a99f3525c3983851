"""The strong simple rival for tables: boosted trees on the same rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from casebook.learning.networks import INPUTS
from casebook.learning.preparation import CategoryColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sklearn.ensemble import HistGradientBoostingClassifier

    from casebook.learning.preparation import Arrays, Preparation
    from casebook.parameters import ReferenceParameters

# The trees' native categories end at 255; larger sets keep their sorted order as a number.
MOST_CATEGORIES = 254
PREDICTED_AT_ONCE = 65_536


def tree_features(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Put the compact blocks side by side, float32 of shape (rows, columns).

    A category number 0 (unknown) becomes NaN: as a number it would be the smallest of all.
    """
    blocks = [arrays[block].astype(np.float32) for block in INPUTS]
    blocks[1][blocks[1] == 0] = np.nan
    return np.concatenate(blocks, axis=1)


def native_categories(preparation: Preparation) -> np.ndarray:
    """Tell which columns of `tree_features` are categories, a mask of shape (columns,)."""
    blocks: dict[str, list[bool]] = {"codes": [], "ids": [], "numbers": []}
    for column in preparation.columns:
        blocks[column.block].append(isinstance(column, CategoryColumn) and column.width <= MOST_CATEGORIES)
    return np.array([*blocks["codes"], *blocks["ids"], *blocks["numbers"]])


def fit_reference(
    train: Arrays, validation: Arrays, preparation: Preparation, parameters: ReferenceParameters
) -> HistGradientBoostingClassifier:
    """Fit boosted trees, stopped early by the validation rows.

    Args:
        train: prepared training rows; at most `max_rows` of them, drawn by the seed, are used.
        validation: prepared validation rows.
        preparation: what they were prepared with.
        parameters: the case's `reference` block.

    Returns:
        The fitted classifier.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = np.arange(len(train["target"]))
    if len(rows) > parameters.max_rows:
        rows = np.sort(np.random.default_rng(parameters.seed).choice(rows, parameters.max_rows, replace=False))
    # The validation rows only stop the growth; many more of them than a fifth of the training rows would only cost
    # time. They come in the order of the file, so that evenly spaced ones stand for all of them.
    checked = slice(None, None, max(1, len(validation["target"]) // max(1000, len(rows) // 5)))
    model = HistGradientBoostingClassifier(
        max_iter=parameters.max_iter,
        learning_rate=parameters.learning_rate,
        max_leaf_nodes=parameters.max_leaf_nodes,
        min_samples_leaf=parameters.min_samples_leaf,
        l2_regularization=parameters.l2_regularization,
        n_iter_no_change=parameters.patience,
        early_stopping=True,
        categorical_features=native_categories(preparation),
        random_state=parameters.seed,
    )
    return model.fit(
        tree_features({k: train[k][rows] for k in INPUTS}),
        train["target"][rows],
        X_val=tree_features({k: validation[k][checked] for k in INPUTS}),
        y_val=validation["target"][checked],
    )


def predict_reference(model: HistGradientBoostingClassifier, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Predict the probability of class 1, float64 of shape (rows,)."""
    starts = range(0, max(1, len(arrays["codes"])), PREDICTED_AT_ONCE)
    # In pieces: scikit-learn copies its input as float64.
    pieces = [{name: arrays[name][start : start + PREDICTED_AT_ONCE] for name in INPUTS} for start in starts]
    return np.concatenate([model.predict_proba(tree_features(piece))[:, 1] for piece in pieces])
