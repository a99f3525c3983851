"""Permutation importance of raw columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.evaluation.metrics import find_metric, main_metric
from casebook.evaluation.scores import score_predictions
from casebook.preprocessing.feature_functions import list_raw_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    # From an order of the rows to their prepared arrays, one raw column's values taken in that order.
    Permute = Callable[[np.ndarray], Arrays]


def permute_importance(
    predict: Callable[[dict[str, np.ndarray]], np.ndarray],
    arrays: Arrays,
    permuted: Mapping[str, Permute],
    target: np.ndarray,
    repeats: int,
    seed: int,
    task: str = "binary",
    metric: str = "",
    sample_weight: np.ndarray | None = None,
) -> pd.DataFrame:
    """Compute how much worse predictions get when one raw column is permuted among the rows.

    Every raw column meets the same permutations, so their order in `permuted` changes nothing. Source: Breiman, Random
    Forests (2001), section 10.

    Args:
        predict: Gives the probability of 1 or the predicted number, shape (rows,) or (rows, 1), or the probability of
            each class, (rows, classes), for blocks like `arrays`; called once on the rows as they are and once per
            permutation. It must not write into its input.
        arrays: Prepared rows as named blocks of shape (rows, columns); never modified.
        permuted: For each raw column what permutes it, see `permute_raw_columns`.
        target: Shape (rows,): 0 or 1, class numbers, or numbers.
        repeats: Permutations per raw column, at least 1.
        seed: Seed of the permutations.
        task: `binary`, `multiclass` or `regression`.
        metric: A name of `metrics`; empty for the task's main one.
        sample_weight: Of the rows; None for equal ones.

    Returns:
        Columns `raw_column`, `metric` (if none is given `auc`, `accuracy` or `mae`, by task), `drop_mean`, `drop_std`
        (population, over the repeats), largest first. A drop is how much worse the metric gets, so for `mae` how far it
        grows; a negative one means that the column only added noise.

    Raises:
        ValueError: No repeats, an unknown task, blocks of other lengths than the target, or what `score_predictions`
            refuses, such as a binary target of one class only.
    """
    scored_metric = find_metric(metric, task) if metric else main_metric(task)
    _check_inputs(arrays, target, repeats)
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(len(target)) for _ in range(repeats)]

    def score(rows: Arrays) -> float:
        prediction = predict(rows)
        shaped = prediction if task == "multiclass" else np.ravel(prediction)
        scores = score_predictions(task, target, shaped, metrics=[scored_metric], sample_weight=sample_weight)
        return scored_metric.sign * scores[scored_metric.name]

    best = score(dict(arrays))
    records = []
    for raw_column, permute in permuted.items():
        drops = [best - score(permute(order)) for order in orders]
        records.append((raw_column, scored_metric.name, float(np.mean(drops)), float(np.std(drops))))
    table = pd.DataFrame(records, columns=["raw_column", "metric", "drop_mean", "drop_std"])
    return table.sort_values("drop_mean", ascending=False, kind="stable", ignore_index=True)


def permute_raw_columns(
    arrays: Arrays,
    rows: pd.DataFrame,
    preprocessor: TabularPreprocessor,
    feature_sources: FeatureSources,
    engineer: Callable[[pd.DataFrame], pd.DataFrame],
) -> dict[str, Permute]:
    """Build for each raw column of a model the function that permutes it, exactly, in all features made of it.

    Where every feature of a raw column is made of that column alone, moving their prepared columns together equals
    permuting the raw column and preparing the rows again, at a fraction of the cost, since features and preprocessing
    work row by row. A feature of several raw columns belongs under each of them and mixes the values of two rows when
    one is permuted: there the features are computed again from the raw rows.

    Args:
        arrays: Prepared rows; never modified.
        rows: The same rows as typed raw rows; never modified.
        preprocessor: What prepared them.
        feature_sources: For each feature all raw columns that it is made of.
        engineer: Computes the features of raw rows.

    Returns:
        A function of a row order for each raw column that a prepared feature is made of.
    """
    permuted: dict[str, Permute] = {}
    for raw_column in list_raw_columns(preprocessor.column_names, feature_sources):
        features = [name for name in preprocessor.column_names if raw_column in feature_sources[name]]
        if all(len(feature_sources[name]) == 1 for name in features):
            permuted[raw_column] = permute_prepared_columns(arrays, [preprocessor.positions[name] for name in features])
        else:
            permuted[raw_column] = permute_and_prepare(
                rows, raw_column, lambda rows: preprocessor.prepare(engineer(rows))
            )
    return permuted


def permute_prepared_columns(arrays: Arrays, columns: Sequence[tuple[str, int]]) -> Permute:
    """Permute prepared columns, given as (block, column index), by the same order.

    Raises:
        ValueError: A column is not in the blocks.
    """
    for name, column in columns:
        if name not in arrays or not 0 <= column < arrays[name].shape[1]:
            known = ", ".join(f"{name} ({block.shape[1]} columns)" for name, block in arrays.items())
            raise ValueError(f"there is no column {column} of {name!r}; blocks: {known}")

    def permute(order: np.ndarray) -> Arrays:
        # Only the touched blocks are copied; the others are shared with the input.
        permuted = {**arrays, **{block: np.array(arrays[block]) for block, _ in columns}}
        for block, column in columns:
            permuted[block][:, column] = arrays[block][order, column]
        return permuted

    return permute


def permute_and_prepare(rows: pd.DataFrame, raw_column: str, prepare: Callable[[pd.DataFrame], Arrays]) -> Permute:
    """Permute a raw column, and prepare the rows again."""
    return lambda order: prepare(rows.assign(**{raw_column: rows[raw_column].array.take(order)}))


def _check_inputs(arrays: Arrays, target: np.ndarray, repeats: int) -> None:
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}; permutation importance needs at least 1")
    for name, block in arrays.items():
        if block.ndim != 2 or len(block) != len(target):
            raise ValueError(f"block {name!r} has shape {block.shape}; it must be ({len(target)}, columns)")
