"""The reference model on the same rows: boosted trees for tables, logistic regression for images and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.baselines.linear import fit_logistic_images, fit_logistic_texts
from casebook.preprocessing.arrays import LOSS_WEIGHT, stack_arrays, weigh_loss, without_rows
from casebook.preprocessing.tabular import BLOCK_TYPES, CategoryColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    from casebook.config.schema import BoostedTreesParameters, LogisticImageParameters, LogisticTextParameters
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    Trees: TypeAlias = HistGradientBoostingClassifier | HistGradientBoostingRegressor

# The trees' native categories end at 255; larger sets keep their sorted order as a number.
MAX_CATEGORIES = 254
PREDICTION_BATCH_ROWS = 65_536


class NoReference:
    """Placeholder of a reference that is left out."""


def tree_features(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Stack the compact blocks side by side, float32 of shape (rows, columns).

    A category number 0 (unknown) becomes NaN: as a number it would be the smallest of all.
    """
    blocks = [arrays[block].astype(np.float32) for block in BLOCK_TYPES]
    blocks[1][blocks[1] == 0] = np.nan
    return np.concatenate(blocks, axis=1)


def native_categories(preprocessor: TabularPreprocessor) -> np.ndarray:
    """Return which columns of `tree_features` are categories: bool of shape (columns,)."""
    blocks: dict[str, list[bool]] = {"codes": [], "ids": [], "numbers": []}
    for column in preprocessor.columns:
        blocks[column.block].append(isinstance(column, CategoryColumn) and column.size <= MAX_CATEGORIES)
    return np.array([*blocks["codes"], *blocks["ids"], *blocks["numbers"]])


def fit_reference(
    train: Arrays,
    validation: Arrays,
    preprocessor: Preprocessor,
    parameters: BoostedTreesParameters | LogisticImageParameters | LogisticTextParameters,
) -> Any:  # noqa: ANN401 - a scikit-learn estimator
    """Fit the case's reference.

    Args:
        train: training rows with `target`: prepared ones, or for texts the texts themselves under `text`.
        validation: validation rows of the same form; there may be none.
        preprocessor: what prepared rows were prepared with.
        parameters: the case's `reference` block.

    Returns:
        The fitted estimator, for `predict_reference`; `NoReference` where the name is none.
    """
    if parameters.name == "none":
        return NoReference()
    if parameters.name == "logistic_image":
        return fit_logistic_images(train, parameters)
    if parameters.name == "logistic_text":
        weighed, _ = weigh_loss(train, without_rows(train), parameters.class_weights)
        return fit_logistic_texts(train["text"].tolist(), train["target"], parameters, weighed.get(LOSS_WEIGHT))
    return fit_trees(train, validation, native_categories(preprocessor), parameters)  # type: ignore[arg-type]


def fit_trees(train: Arrays, validation: Arrays, categories: np.ndarray, parameters: BoostedTreesParameters) -> Trees:
    """Fit boosted trees, stopped early by the validation rows where there are any.

    Args:
        train: prepared training rows; at most `max_rows` of them, drawn by the seed, are used.
        validation: prepared validation rows.
        categories: see `native_categories`.
        parameters: the case's `reference` block.

    Returns:
        A classifier, or for a target of real numbers a regressor.
    """
    rows = np.arange(len(train["target"]))
    if len(rows) > parameters.max_rows:
        rows = np.sort(np.random.default_rng(parameters.seed).choice(rows, parameters.max_rows, replace=False))
    # The validation rows only stop the growth; many more of them than a fifth of the training rows would only cost
    # time. They come in the order of the file, so that evenly spaced ones represent all of them.
    checked = slice(None, None, max(1, len(validation["target"]) // max(1000, len(rows) // 5)))
    model = _make_trees(train["target"].dtype.kind == "f", len(validation["target"]) > 0, categories, parameters)
    target, held_out = (scale_target(part["target"], parameters.target_scale) for part in (train, validation))
    stopping = {}
    if len(held_out):
        stopping = {
            "X_val": tree_features({str(name): validation[name][checked] for name in BLOCK_TYPES}),
            "y_val": held_out[checked],
        }
    weights = _weigh(train, validation, parameters.class_weights, rows, checked)
    model.fit(
        tree_features({str(name): train[name][rows] for name in BLOCK_TYPES}), target[rows], **stopping, **weights
    )
    if not parameters.refit or not stopping:
        return model
    as_many = parameters.model_copy(update={"max_iter": model.n_iter_})
    return fit_trees(stack_arrays(train, validation), without_rows(validation), categories, as_many)


def _weigh(
    train: Arrays, validation: Arrays, class_weights: str | Sequence[float], rows: np.ndarray, checked: slice
) -> dict[str, np.ndarray]:
    """Return the weights of the rows that are used, under scikit-learn's names; none where all weigh alike."""
    train, validation = weigh_loss(train, validation, class_weights)
    if LOSS_WEIGHT not in train:
        return {}
    held_out = {"sample_weight_val": validation[LOSS_WEIGHT][checked]} if len(validation["target"]) else {}
    return {"sample_weight": train[LOSS_WEIGHT][rows], **held_out}


def _make_trees(numbers: bool, stopped: bool, categories: np.ndarray, parameters: BoostedTreesParameters) -> Trees:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    model: Trees = make(
        max_iter=parameters.max_iter,
        learning_rate=parameters.learning_rate,
        max_leaf_nodes=parameters.max_leaf_nodes,
        min_samples_leaf=parameters.min_samples_leaf,
        l2_regularization=parameters.l2_regularization,
        n_iter_no_change=parameters.patience,
        early_stopping=stopped,
        categorical_features=categories,
        random_state=parameters.seed,
    )
    # Kept with the model, so that predictions come back in the target's units.
    model.target_scale_ = parameters.target_scale
    return model


def scale_target(target: np.ndarray, kind: str) -> np.ndarray:
    """Scale a target to the form that the trees are fitted on."""
    return np.log1p(target.astype(np.float64)) if kind == "log" else target


def predict_reference(model: Any, rows: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ANN401 - an estimator
    """Predict with the reference.

    Returns:
        float64 of shape (rows, classes) for classes, (rows,) for numbers.
    """
    if not hasattr(model, "target_scale_"):
        outputs: np.ndarray = model.predict_proba(rows.get("text", rows.get("images")))
        return outputs
    starts = range(0, max(1, len(rows["codes"])), PREDICTION_BATCH_ROWS)
    # In batches: scikit-learn copies its input as float64.
    batches = [
        {str(name): rows[name][start : start + PREDICTION_BATCH_ROWS] for name in BLOCK_TYPES} for start in starts
    ]
    predict_rows = getattr(model, "predict_proba", model.predict)
    outputs = np.concatenate([predict_rows(tree_features(batch)) for batch in batches])
    return np.expm1(outputs) if model.target_scale_ == "log" else outputs
