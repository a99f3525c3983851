"""The reference model on the same rows: LightGBM's boosted trees, of images and texts a logistic regression."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.baselines.linear import fit_logistic_images, fit_logistic_texts
from casebook.preprocessing.arrays import LOSS_WEIGHT, stack_arrays, weigh_loss, without_rows
from casebook.preprocessing.shards import compute_by_piece
from casebook.preprocessing.tabular import BLOCK_TYPES, CategoryColumn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import lightgbm

    from casebook.config.schema import BoostedTreesParameters, LogisticImageParameters, LogisticTextParameters
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

# The same trees by any number of threads: a column's histogram is summed by one of them alone.
REPRODUCIBLE = {"deterministic": True, "force_col_wise": True}
# Numbers for a thread to be worth its waiting: a tree's 500 steps each end when the slowest thread does, and beside
# other work two of them took 6.2 s for the trees of 4,000 rows that one fitted in 0.4 s.
CELLS_PER_THREAD = 1_000_000
# Rows alone say how small a leaf may get; a leaf of rows that are nearly certain has hardly any curvature.
MIN_HESSIAN_IN_LEAF = 1e-7


class BoostingLibraryError(RuntimeError):
    """LightGBM cannot be loaded; the message says what to do."""


@dataclass(frozen=True)
class BoostedTrees:
    """Fitted boosted trees.

    Attributes:
        booster: it predicts by its iterations up to the best on the validation rows.
        classes: their number; 0 for a target of real numbers.
        target_scale: of the target that it was fitted on.
        before_refit: the trees that validation rows stopped, of those that were then fitted on these rows too.
    """

    booster: lightgbm.Booster
    classes: int
    target_scale: str
    before_refit: BoostedTrees | None = None

    def predict(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Predict prepared rows; see `predict_reference`. Rows in shards are read piece by piece."""
        blocks = {str(name): rows[name] for name in BLOCK_TYPES}
        outputs = compute_by_piece(lambda piece: np.asarray(self.booster.predict(tree_features(piece))), blocks)
        if self.classes and outputs.ndim == 1:
            return np.stack([1 - outputs, outputs], axis=1)
        return np.expm1(outputs) if self.target_scale == "log" else outputs


class NoReference:
    """Placeholder of a reference that is left out."""


def tree_features(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Stack the compact blocks side by side, float32 of shape (rows, columns)."""
    return np.concatenate([arrays[block].astype(np.float32) for block in BLOCK_TYPES], axis=1)


def native_categories(preprocessor: TabularPreprocessor) -> np.ndarray:
    """Return which columns of `tree_features` are categories: bool of shape (columns,)."""
    blocks: dict[str, list[bool]] = {"codes": [], "ids": [], "numbers": []}
    for column in preprocessor.columns:
        blocks[column.block].append(isinstance(column, CategoryColumn))
    return np.array([*blocks["codes"], *blocks["ids"], *blocks["numbers"]])


def fit_reference(
    train: Arrays,
    validation: Arrays,
    preprocessor: Preprocessor,
    parameters: BoostedTreesParameters | LogisticImageParameters | LogisticTextParameters,
) -> Any:  # noqa: ANN401 - of its kind
    """Fit the case's reference.

    Args:
        train: training rows with `target`: prepared ones, or for texts the texts themselves under `text`.
        validation: validation rows of the same form; there may be none.
        preprocessor: what prepared rows were prepared with.
        parameters: the case's `reference` block.

    Returns:
        The fitted model, for `predict_reference`; `NoReference` where the name is none.
    """
    if parameters.name == "none":
        return NoReference()
    if parameters.name == "logistic_image":
        return fit_logistic_images(train, parameters)
    if parameters.name == "logistic_text":
        weighed, _ = weigh_loss(train, without_rows(train), parameters.class_weights)
        return fit_logistic_texts(train["text"].tolist(), train["target"], parameters, weighed.get(LOSS_WEIGHT))
    return fit_trees(train, validation, native_categories(preprocessor), parameters)  # type: ignore[arg-type]


def fit_trees(
    train: Arrays, validation: Arrays, categories: np.ndarray, parameters: BoostedTreesParameters
) -> BoostedTrees:
    """Fit boosted trees, stopped early by the validation rows where there are any, and refitted on these too if asked.

    Args:
        train: prepared training rows; at most `max_rows` of them, drawn by the seed, are used.
        validation: prepared validation rows.
        categories: see `native_categories`.
        parameters: the case's `reference` block.

    Raises:
        BoostingLibraryError: LightGBM cannot be loaded.
    """
    boosting = load_library()
    rows = np.arange(len(train["target"]))
    if len(rows) > parameters.max_rows:
        rows = np.sort(np.random.default_rng(parameters.seed).choice(rows, parameters.max_rows, replace=False))
    # The validation rows only stop the growth; many more of them than a fifth of the training rows would only cost
    # time. They come in the order of the file, so that evenly spaced ones represent all of them.
    checked = slice(None, None, max(1, len(validation["target"]) // max(1000, len(rows) // 5)))
    numbers = train["target"].dtype.kind == "f"
    classes = 0 if numbers else 1 + int(max(part["target"].max(initial=1) for part in (train, validation)))
    weighed, held_out = weigh_loss(train, validation, parameters.class_weights)
    learnt = _make_dataset(weighed, rows, parameters, categorical_feature=np.flatnonzero(categories).tolist())
    stopping: dict[str, Any] = {}
    if len(validation["target"]):
        stopped_by = _make_dataset(held_out, checked, parameters, reference=learnt)
        patience = boosting.early_stopping(parameters.patience, verbose=False)
        stopping = {"valid_sets": [stopped_by], "callbacks": [patience]}
    settings = _name_settings(classes, parameters) | {"num_threads": count_threads(len(rows) * len(categories))}
    booster = boosting.train(settings, learnt, parameters.max_iter, **stopping)
    trees = BoostedTrees(booster, classes, parameters.target_scale)
    if not (parameters.refit and stopping):
        return trees
    as_many = parameters.model_copy(update={"max_iter": booster.best_iteration})
    refitted = fit_trees(stack_arrays(train, validation), without_rows(validation), categories, as_many)
    return replace(refitted, before_refit=trees)


def count_threads(cells: int) -> int:
    """Count the threads that trees of so many numbers are fitted by: at most half of the cores, or what the user set.

    Args:
        cells: rows times columns.
    """
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    most = int(given) if given.isdecimal() else (os.cpu_count() or 1) // 2
    return max(1, min(most, cells // CELLS_PER_THREAD))


def load_library() -> ModuleType:
    """Import LightGBM.

    Raises:
        BoostingLibraryError: it cannot be loaded.
    """
    try:
        import lightgbm
    # Its wheels bring no OpenMP of their own, and slim images have none.
    except OSError as error:
        raise BoostingLibraryError(
            f"reference: LightGBM cannot be loaded ({error}); install OpenMP (Debian: libgomp1, macOS: brew install "
            "libomp), or leave the reference out: reference.name=none"
        ) from error
    return lightgbm


def _name_settings(classes: int, parameters: BoostedTreesParameters) -> dict[str, Any]:
    """Return the settings under LightGBM's names; it stops the growth by the loss that it lowers."""
    if classes > 2:
        objective = {"objective": "multiclass", "num_class": classes}
    else:
        objective = {"objective": "binary" if classes else "regression"}
    return {
        **objective,
        **REPRODUCIBLE,
        "learning_rate": parameters.learning_rate,
        "num_leaves": parameters.max_leaf_nodes,
        "min_data_in_leaf": parameters.min_samples_leaf,
        "min_sum_hessian_in_leaf": MIN_HESSIAN_IN_LEAF,
        "lambda_l2": parameters.l2_regularization,
        "bagging_fraction": parameters.subsample,
        "bagging_freq": 1,
        "seed": parameters.seed,
        "verbosity": -1,
    }


def _make_dataset(
    part: Arrays,
    rows: np.ndarray | slice,
    parameters: BoostedTreesParameters,
    **options: Any,  # noqa: ANN401 - LightGBM's own
) -> lightgbm.Dataset:
    from lightgbm import Dataset

    weights = part.get(LOSS_WEIGHT)
    return Dataset(
        tree_features({str(name): part[name][rows] for name in BLOCK_TYPES}),
        scale_target(part["target"], parameters.target_scale)[rows],
        weight=None if weights is None else weights[rows],
        **options,
    )


def scale_target(target: np.ndarray, kind: str) -> np.ndarray:
    """Scale a target to the form that the trees are fitted on."""
    return np.log1p(target.astype(np.float64)) if kind == "log" else target


def predict_reference(model: Any, rows: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ANN401 - of its kind
    """Predict with the reference.

    Returns:
        float64 of shape (rows, classes) for classes, (rows,) in the target's units for numbers.
    """
    if isinstance(model, BoostedTrees):
        return model.predict(rows)
    outputs: np.ndarray = model.predict_proba(rows.get("text", rows.get("images")))
    return outputs
