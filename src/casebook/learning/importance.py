"""Measure how much a network relies on each raw column by shuffling it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.learning.metric_registry import find_metric, main_metric
from casebook.learning.scoring import score_predictions

if TYPE_CHECKING:
    from collections.abc import Callable


def permute_importance(
    predict: Callable[[dict[str, np.ndarray]], np.ndarray],
    arrays: dict[str, np.ndarray],
    sources: dict[str, list[tuple[str, int]]],
    target: np.ndarray,
    repeats: int,
    seed: int,
    task: str = "binary",
    metric: str = "",
) -> pd.DataFrame:
    """Measure how much worse predictions get when one raw column is shuffled among the rows.

    All prepared columns that come from a raw column are moved by one and the same row permutation. Since preparation
    works row by row, this equals permuting the raw column and preparing the table again, at a fraction of the cost.
    A prepared column made of two raw columns belongs under both. Every raw column meets the same permutations, so
    their order in `sources` changes nothing. Source: Breiman, Random Forests (2001), section 10.

    Args:
        predict: Gives the probability of 1 or the predicted number, shape (rows,) or (rows, 1), or the probability of
            each class, (rows, classes), for blocks like `arrays`; called once on the rows as they are and once per
            permutation. It must not write into its input.
        arrays: Prepared rows as named blocks of shape (rows, columns); never modified.
        sources: For each raw column its prepared columns as (block, column index).
        target: Shape (rows,): 0 or 1, class numbers, or numbers.
        repeats: Permutations per raw column, at least 1.
        seed: Seed of the permutations.
        task: `binary`, `multiclass` or `regression`.
        metric: A name of `metric_registry`; empty for the task's main one.

    Returns:
        Columns `raw_column`, `metric` (if none is given `auc`, `accuracy` or `mae`, by task), `drop_mean`, `drop_std`
        (population, over the repeats), largest first. A drop is how much worse the metric gets, so for `mae` how far it
        grows; a negative one means that the column only added noise.

    Raises:
        ValueError: No repeats, an unknown task, blocks of other lengths than the target, a source that is not in the
            blocks, or what `score_predictions` refuses, such as a binary target of one class only.
    """
    judged = find_metric(metric, task) if metric else main_metric(task)
    _check_inputs(arrays, sources, target, repeats)
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(len(target)) for _ in range(repeats)]

    def score(rows: dict[str, np.ndarray]) -> float:
        prediction = predict(rows)
        shaped = prediction if task == "multiclass" else np.ravel(prediction)
        return judged.sign * score_predictions(task, target, shaped, metrics=[judged])[judged.name]

    best = score(dict(arrays))
    records = []
    for raw_column, columns in sources.items():
        drops = [best - score(_permute(arrays, columns, order)) for order in orders]
        records.append((raw_column, judged.name, float(np.mean(drops)), float(np.std(drops))))
    table = pd.DataFrame(records, columns=["raw_column", "metric", "drop_mean", "drop_std"])
    return table.sort_values("drop_mean", ascending=False, kind="stable", ignore_index=True)


def _permute(arrays: dict[str, np.ndarray], columns: list[tuple[str, int]], order: np.ndarray) -> dict[str, np.ndarray]:
    """Copy the touched blocks only; the others are shared with the input."""
    permuted = {**arrays, **{block: np.array(arrays[block]) for block, _ in columns}}
    for block, column in columns:
        permuted[block][:, column] = arrays[block][order, column]
    return permuted


def _check_inputs(
    arrays: dict[str, np.ndarray], sources: dict[str, list[tuple[str, int]]], target: np.ndarray, repeats: int
) -> None:
    if repeats < 1:
        raise ValueError(f"repeats is {repeats}; permutation importance needs at least 1")
    for name, block in arrays.items():
        if block.ndim != 2 or len(block) != len(target):
            raise ValueError(f"block {name!r} has shape {block.shape}; it must be ({len(target)}, columns)")
    for raw_column, columns in sources.items():
        for block_name, column in columns:
            if block_name not in arrays or not 0 <= column < arrays[block_name].shape[1]:
                known = ", ".join(f"{name} ({block.shape[1]} columns)" for name, block in arrays.items())
                raise ValueError(f"source {raw_column!r} names column {column} of {block_name!r}; blocks: {known}")
