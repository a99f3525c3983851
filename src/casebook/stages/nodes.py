"""Nodes of the shared stages. Each takes the smallest parameter block that it depends on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.config import schema
from casebook.data import splitting
from casebook.data.split_overlap import measure_overlap
from casebook.data.splitting import select_split
from casebook.model_registry.model_package import EXAMPLE_ROWS
from casebook.preprocessing.arrays import Labels, check_weights
from casebook.preprocessing.feature_functions import list_raw_columns
from casebook.preprocessing.lags import History
from casebook.preprocessing.target_statistics import KnownTargets, order_training_rows
from casebook.stages.used_columns import find_time_indexes, name_features, select_training_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import keras

    from casebook.model_registry.model_package import Package
    from casebook.preprocessing.feature_functions import FeatureSources
    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.row_schema import RowSchema
    from casebook.preprocessing.tabular import Arrays
    from casebook.preprocessing.texts import TextPreprocessor
    from casebook.training.ensemble import TrainingSession

LOGGER = logging.getLogger(__name__)
Block = dict[str, Any]


def engineer_features(joined_rows: pd.DataFrame, *, engineer: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Compute the features of joined rows; see `RowSchema.engineer_features`."""
    return engineer(joined_rows)


def assign_splits(feature_table: pd.DataFrame, split: Block, duplicates: str, target: str, task: str) -> pd.DataFrame:
    """Assign each row to training, validation and test.

    Returns:
        One column `part`, uint8, a sum of bits: 1 training, 2 validation, 4 test; 0 for rows that are not used.
    """
    settings = schema.SplitParameters.model_validate(split)
    labels = feature_table[target].to_numpy()
    classes = None if task == "regression" else labels
    split_assignment = splitting.assign_rows(feature_table, settings, duplicates, classes)
    splitting.check_splits(split_assignment, labels, task != "regression", validation=settings.has_validation_rows)
    return pd.DataFrame({"part": split_assignment})


def describe_split(
    feature_table: pd.DataFrame, split_assignment: pd.DataFrame, preprocessor: Preprocessor, split: Block
) -> dict[str, float]:
    """Count the rows of each part and measure the overlap of keys between training and test rows.

    Returns:
        `data/<part>_rows`, `data/promotion_rows`, `data/unused_rows`, `data/features`, and for each key the share of
        test rows whose key was in training.
    """
    part = split_assignment["part"].to_numpy()
    counts = {f"data/{name}_rows": float((part & bit > 0).sum()) for name, bit in splitting.PARTS.items()}
    seen = {f"test/{name}": share for name, share in measure_overlap(feature_table, part, split["keys"]).items()}
    others = {
        "data/promotion_rows": float((part == splitting.PROMOTION).sum()),
        "data/unused_rows": float((part == 0).sum()),
        "data/features": float(preprocessor.feature_count),
    }
    return {**counts, **others, **seen}


def fit_preprocessor_on_training(
    feature_table: pd.DataFrame,
    split_assignment: pd.DataFrame,
    preprocessing: Block,
    leaks: Block,
    split: Block,
    target: str = "",
    *,
    feature_sources: FeatureSources,
    row_schema: RowSchema | None = None,
) -> Preprocessor:
    """Fit fills, clips, categories and scales, or a vocabulary, on the training rows alone.

    Of a declared case, whose columns nobody chose, those that are empty in all training rows are left out, and days;
    and, where `preprocessing.time_index` says so, those that tell when a row was.
    """
    names = name_features(list(feature_table.columns), feature_sources, preprocessing, leaks)
    dealing = schema.SplitParameters.model_validate(split)
    rows = select_training_rows(feature_table, split_assignment["part"], [*names, target, *dealing.keys.values()])
    if row_schema is not None:
        empty = [name for name in names if not rows[name].notna().any()]
        if empty:
            LOGGER.warning("left out, being empty in every training row: %s", ", ".join(empty))
        days = [] if preprocessing.get("columns") else [name for name in names if rows[name].dtype.kind == "M"]
        names = [name for name in names if name not in {*empty, *days}]
        indexes = find_time_indexes(rows, names, preprocessing, split, row_schema)
        names = [name for name in names if name not in indexes]
    return fit_features(rows[names], preprocessing, KnownTargets.of(rows, target, dealing.key) if target else None)


def fit_features(rows: pd.DataFrame, preprocessing: Block, known: KnownTargets | None = None) -> Preprocessor:
    """Fit the preprocessing of whichever inputs the parameters describe; targets are for target statistics alone."""
    settings = schema.read_preprocessing(preprocessing)
    if isinstance(settings, schema.TextPreprocessingParameters):
        from casebook.preprocessing.texts import fit_texts

        return fit_texts(rows, settings)
    if isinstance(settings, schema.ImagePreprocessingParameters):
        from casebook.preprocessing.images import fit_images

        return fit_images(rows, settings)
    from casebook.preprocessing.fit_tabular import fit_preprocessor

    return fit_preprocessor(rows, settings, known)


def apply_preprocessor(
    feature_table: pd.DataFrame,
    split_assignment: pd.DataFrame,
    preprocessor: Preprocessor,
    target: str,
    task: str,
    weight: str = "",
) -> tuple[Arrays, Arrays, Arrays]:
    """Turn each part into model arrays.

    Returns:
        Arrays of training, validation and test rows: the preprocessor's, `target`, and `weight` where there is one.
    """
    prepared = Labels(target, task, weight).attach(preprocessor.prepare(feature_table), feature_table)
    part = split_assignment["part"].to_numpy()
    train, validation, test = select_split(prepared, part)
    check_weights(dict(zip(splitting.PARTS, (train, validation, test), strict=True)))
    return order_training_rows(train, feature_table, preprocessor, part & splitting.TRAIN > 0), validation, test


def select_texts(
    feature_table: pd.DataFrame,
    split_assignment: pd.DataFrame,
    preprocessor: TextPreprocessor,
    target: str,
    task: str,
    weight: str = "",
) -> tuple[Arrays, Arrays, Arrays]:
    """Select the raw texts of each part, for the reference that needs no preprocessing.

    Returns:
        `text` and `target`, and `weight` where there is one, of the training, validation and test rows.
    """
    texts = {"text": feature_table[preprocessor.name].to_numpy(object)}
    return select_split(Labels(target, task, weight).attach(texts, feature_table), split_assignment["part"].to_numpy())


def train_network(
    train_arrays: Arrays,
    validation_arrays: Arrays,
    preprocessor: Preprocessor,
    training: Block,
    study: Block,
    reference: Block,
    training_callbacks: Sequence[Any],
    training_session: TrainingSession,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train the network that the parameters describe, or an ensemble; see `training.ensemble.train_ensemble`.

    Where `training.time_budget` gives minutes, what `study.space` varies of the training is searched before it.
    """
    from casebook.training.cross_validation import Split
    from casebook.training.ensemble import train_ensemble

    split = Split(train_arrays, validation_arrays, preprocessor)
    found = training_session.search(split, training, study) if training["time_budget"] else training
    settings = schema.TrainingParameters.model_validate(found)
    return train_ensemble(
        *split, settings, training_callbacks, training_session, lambda: training_session.fit_reference(split, reference)
    )


def fit_reference(train_rows: Arrays, validation_rows: Arrays, preprocessor: Preprocessor, reference: Block) -> Any:  # noqa: ANN401 - a scikit-learn estimator
    """Fit the reference that the network is measured against."""
    from casebook.baselines import gradient_boosting as library

    return library.fit_reference(train_rows, validation_rows, preprocessor, schema.read_reference(reference))


def select_example_rows(
    joined_rows: pd.DataFrame, preprocessor: Preprocessor, *, feature_sources: FeatureSources
) -> pd.DataFrame:
    """Select a few rows as they stand in the raw files; the model shows them as its input and requires their columns.

    Returns:
        The raw columns that a feature of the model is made of, in their order. The others, such as a leak that was
        closed, may be absent from a raw row: feature engineering computes what can be computed of those that are there.
    """
    from casebook.inference.row_model import to_raw_values

    needed = list_raw_columns(preprocessor.column_names, feature_sources)
    return to_raw_values(joined_rows[[name for name in joined_rows if name in needed]].head(EXAMPLE_ROWS))


def keep_history(joined_rows: pd.DataFrame, *, row_schema: RowSchema) -> Arrays:
    """Keep what the model's lags look back at: all rows, which are known where it is used; nothing without lags."""
    history = row_schema.keep_history(joined_rows)
    return {} if history is None else history.to_arrays()


def package_model(
    network: keras.Model,
    preprocessor: Preprocessor,
    example_rows: pd.DataFrame,
    task: str,
    threshold: float,
    history_arrays: Arrays | None = None,
    *,
    row_schema: RowSchema | None = None,
) -> Package:
    """Package network and preprocessor with an example of raw rows, and the rows that lags look back at.

    A case in Python has no schema: the code of its features goes with the model.
    """
    from casebook.model_registry.model_package import Package

    if row_schema is not None and history_arrays:
        row_schema = row_schema.with_history(History.from_arrays(history_arrays))
    return Package(network, preprocessor, task, threshold, example_rows, row_schema)


def profile_table(table: pd.DataFrame, target: str | None, *, name: str) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Profile a table before anything is done to it.

    Args:
        table: any raw table.
        target: the column whose mean is set beside each value of the others; none for a class of no order.
        name: what the page calls the table.

    Returns:
        A page in HTML; the statistics of each column; the rows and the mean target of each value of columns of few.
    """
    from casebook.profiling.table_profile import average_target, summarize_columns
    from casebook.profiling.table_report import render_report

    columns = summarize_columns(table)
    values = None if target is None else table.get(target)
    return render_report(table, name), columns, average_target(table, columns, values)
