"""Model arrays (name -> array with the rows along its first axis): targets and weights of rows, and operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.column_types.column_type import InvalidTableError
from casebook.preprocessing.shards import ShardedArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from casebook.preprocessing.tabular import Arrays

# Arrays of rows that are no inputs of a network: `weight` counts in loss and scores, `loss_weight` in the loss alone.
TARGET, WEIGHT, LOSS_WEIGHT = "target", "weight", "loss_weight"
NO_INPUTS = frozenset({TARGET, WEIGHT, LOSS_WEIGHT})
BALANCED, NONE = "balanced", "none"


@dataclass(frozen=True)
class Labels:
    """What is learnt of the rows of a feature table.

    Attributes:
        target: column of the target.
        task: binary, multiclass or regression.
        weight: column of the weights of rows; empty where all count alike.
    """

    target: str
    task: str
    weight: str = ""

    def attach(self, prepared: Arrays, table: pd.DataFrame, whole: bool = True) -> Arrays:
        """Add the target, and the weights of rows, to prepared rows of the table.

        Args:
            prepared: rows.
            table: of the same rows.
            whole: see `encode_weights`.

        Raises:
            InvalidTableError: see `encode_weights`.
        """
        labelled = {**prepared, TARGET: encode_target(table, self.target, self.task)}
        return {**labelled, WEIGHT: encode_weights(table, self.weight, whole)} if self.weight else labelled

    @property
    def columns(self) -> list[str]:
        """The columns of the feature table that hold them."""
        return [self.target, *([self.weight] if self.weight else [])]


def encode_target(table: pd.DataFrame, target: str, task: str) -> np.ndarray:
    """Encode the target: class numbers as uint8, a regression's values as float32; shape (rows,)."""
    values: np.ndarray = table[target].to_numpy("float32" if task == "regression" else "uint8")
    return values


def encode_weights(table: pd.DataFrame, name: str, whole: bool = True) -> np.ndarray:
    """Encode the weights of rows as float32, shape (rows,).

    Args:
        table: the rows.
        name: of the column.
        whole: whether these are all rows, of which some must count; of a part of them none may.

    Raises:
        InvalidTableError: a weight is negative or not finite, or all are 0.
    """
    if name not in table:
        raise InvalidTableError(f"weight: the rows have no column {name}; there are {', '.join(map(str, table))}")
    weights = table[name].to_numpy(np.float32, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise InvalidTableError(
            f"weight: column {name} must hold finite numbers of at least 0 ({len(wrong):,} rows do not, first "
            f"{table[name].iloc[wrong[0]]} in row {wrong[0] + 1}); mend the file"
        )
    if whole and len(weights) and not weights.any():
        raise InvalidTableError(f"weight: column {name} is 0 in all {len(weights):,} rows, so that none counts")
    return weights


def check_weights(parts: Mapping[str, Arrays]) -> None:
    """Validate that the rows of no part all weigh nothing.

    Raises:
        InvalidTableError: names the part.
    """
    for name, rows in parts.items():
        weights = rows.get(WEIGHT, np.empty(0))
        if len(weights) and not weights.any():
            raise InvalidTableError(
                f"split: all {len(weights):,} rows for {name} have the weight 0; use more rows or another seed"
            )


def weigh_loss(train: Arrays, validation: Arrays, class_weights: str | Sequence[float] = NONE) -> tuple[Arrays, Arrays]:
    """Add `loss_weight`: the weight of the row times that of its class, of mean 1 in either part.

    So a loss stays on its scale, and only the ratios of weights count.

    Args:
        train: rows with `target`, whose classes are counted for `balanced`.
        validation: rows of the same form.
        class_weights: `none`, `balanced` (the less frequent a class, the more each of its rows weighs, as in
            scikit-learn), or a weight by class number; 1 for classes beyond.

    Returns:
        Both, as they are where all rows weigh the same.
    """
    if class_weights == NONE and WEIGHT not in train:
        return train, validation
    classes = _weigh_classes(train, class_weights)
    return _weigh(train, classes), _weigh(validation, classes)


def _weigh(rows: Arrays, classes: np.ndarray | None) -> Arrays:
    weights = rows.get(WEIGHT, np.ones(len(rows[TARGET]))).astype(np.float64)
    if classes is not None:
        weights = weights * classes[rows[TARGET].astype(np.intp)]
    mean = weights.mean() if len(weights) else 1.0
    return {**rows, LOSS_WEIGHT: (weights / (mean or 1.0)).astype(np.float32)}


def _weigh_classes(train: Arrays, class_weights: str | Sequence[float]) -> np.ndarray | None:
    """Return a weight by class number, with room for every class; none where classes weigh the same."""
    if class_weights == NONE:
        return None
    # Validation rows may hold classes that training rows lack; a target of classes is a byte.
    weights = np.ones(np.iinfo(np.uint8).max + 1)
    if class_weights != BALANCED:
        weights[: len(class_weights)] = np.asarray(class_weights, np.float64)
        return weights
    rows = np.bincount(train[TARGET], train.get(WEIGHT), len(weights))
    there = rows > 0
    weights[there] = rows.sum() / (there.sum() * rows[there])
    return weights


def split_inputs(rows: Mapping[str, Any]) -> tuple[dict[str, Any], Any, Any]:
    """Split rows into the inputs of a network, the target, and the weights of the loss, None for equal ones."""
    inputs = {name: values for name, values in rows.items() if name not in NO_INPUTS}
    return inputs, rows[TARGET], rows.get(LOSS_WEIGHT)


def stack_arrays(first: Arrays, second: Arrays) -> Arrays:
    """Concatenate the rows of two sets of arrays; those in shards stay there."""
    return {name: _join(values, second[name]) for name, values in first.items()}


def _join(values: Any, later: Any) -> Any:  # noqa: ANN401 - arrays, or shards of them
    if isinstance(values, ShardedArray) and isinstance(later, ShardedArray):
        return values.join(later)
    return np.concatenate([values, later])


def without_rows(arrays: Arrays) -> Arrays:
    """Return the same arrays without rows."""
    return {name: values[:0] for name, values in arrays.items()}
