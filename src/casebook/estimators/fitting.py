"""A fit: columns described, rows held out, preprocessing fitted, network trained - as the stages of a case do it."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from casebook.column_types.parsing import conform_table
from casebook.data.splitting import TRAIN, VALIDATION, split_classes, split_rows
from casebook.estimators.trained_model import TrainedModel
from casebook.inference.row_model import to_raw_values
from casebook.monitoring.training_profile import thin_out
from casebook.preprocessing.arrays import without_rows
from casebook.preprocessing.feature_functions import list_raw_columns
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.target_statistics import KnownTargets, order_training_rows
from casebook.training.early_stopping import without_early_stopping
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    import pandas as pd

    from casebook.estimators.settings import EstimatorSettings
    from casebook.preprocessing.row_schema import RowSchema
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

# With fewer, a loss on them says too little to stop by: all rows are trained on, for all epochs.
MIN_VALIDATION_ROWS = 10
# A class of fewer is trained on whole.
MIN_SHARED_CLASS_ROWS = 3
EXAMPLE_ROWS = 5
PLACE = "X"


@dataclass(frozen=True)
class LabelledRows:
    """Rows with their targets.

    Attributes:
        frame: raw values.
        target: class numbers, or numbers; shape (rows,).
    """

    frame: pd.DataFrame
    target: np.ndarray


def fit_model(
    rows: LabelledRows,
    validation: LabelledRows | None,
    schema: RowSchema,
    settings: EstimatorSettings,
    callbacks: Sequence[Any] = (),
) -> TrainedModel:
    """Fit preprocessing and network on rows.

    Args:
        rows: to learn from.
        validation: rows to stop by; without any, a share of the others is held out for that.
        schema: of the rows.
        settings: the estimator's.
        callbacks: of the training; see `training.trainer.train_network`.
    """
    held_out = np.zeros(len(rows.target), dtype=bool)
    if validation is None:
        held_out = hold_out(rows.target, settings)
    typed = typed_rows(rows.frame.reset_index(drop=True), schema)
    table = schema.engineer_features(typed)
    learnt = table[~held_out]
    names = [name for name in learnt if learnt[name].notna().any()]
    preprocessor = fit_preprocessor(learnt[names], settings.preprocessing, KnownTargets(rows.target[~held_out]))
    arrays = _prepare(table, rows.target, preprocessor, settings.task)
    train = order_training_rows({name: values[~held_out] for name, values in arrays.items()}, learnt, preprocessor)
    if validation is None:
        other = {name: values[held_out] for name, values in arrays.items()}
    else:
        other = _prepare(engineer_rows(validation.frame, schema), validation.target, preprocessor, settings.task)
    training = settings.training
    if not len(other["target"]):
        other, training = without_rows(train), without_early_stopping(training, training.epochs)
    with preserved_random_state():
        network, history = train_network(train, other, preprocessor, training, callbacks, training.refit)
    needed = list_raw_columns(preprocessor.column_names, schema.sources)
    example = to_raw_values(
        typed_rows(rows.frame.head(EXAMPLE_ROWS), schema)[[n for n in schema.columns if n in needed]]
    )
    trained = TrainedModel.of(network, preprocessor, schema, settings.task, history, example)
    learnt_from = np.arange(len(table)) if training.refit else np.flatnonzero(~held_out)
    return trained.with_profile(typed, table, thin_out(learnt_from))


def hold_out(target: np.ndarray, settings: EstimatorSettings) -> np.ndarray:
    """Choose the rows to stop by, at random, of each class alike; none where they would be too few.

    Returns:
        bool of shape (rows,).
    """
    share, seed = settings.validation_share, settings.training.seed
    if settings.task == "regression":
        parts = split_rows(len(target), 0.0, share, seed)
    else:
        parts = split_classes(target, 0.0, share, seed)
        parts[np.bincount(target)[target] < MIN_SHARED_CLASS_ROWS] = TRAIN
    held_out: np.ndarray = parts == VALIDATION
    return held_out if held_out.sum() >= MIN_VALIDATION_ROWS else np.zeros_like(held_out)


def typed_rows(frame: pd.DataFrame, schema: RowSchema) -> pd.DataFrame:
    """Parse raw rows as the types of their columns."""
    return conform_table(frame[list(schema.columns)], schema.columns, PLACE)


def engineer_rows(frame: pd.DataFrame, schema: RowSchema) -> pd.DataFrame:
    """Compute the features of raw rows, with an index of their numbers."""
    return schema.engineer_features(typed_rows(frame.reset_index(drop=True), schema))


def _prepare(table: pd.DataFrame, target: np.ndarray, preprocessor: TabularPreprocessor, task: str) -> Arrays:
    return {**preprocessor.prepare(table), "target": target.astype("float32" if task == "regression" else "uint8")}


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """Leave the generators of Python and NumPy as they were: Keras seeds them for the whole process."""
    own, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 - that one is meant
    try:
        yield
    finally:
        random.setstate(own)
        np.random.set_state(numpy_state)  # noqa: NPY002
