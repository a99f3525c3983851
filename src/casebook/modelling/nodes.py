"""Nodes of the shared stages. Each takes the smallest parameter block that it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook import parameters
from casebook.learning import splitting
from casebook.learning.columns import InvalidTableError
from casebook.learning.features import list_raw_columns
from casebook.learning.preparation import take_target

if TYPE_CHECKING:
    import keras

    from casebook.learning.features import FeatureSources
    from casebook.learning.inputs import AnyPreparation
    from casebook.learning.packaging import Package
    from casebook.learning.preparation import Arrays
    from casebook.learning.texts import TextPreparation
    from casebook.learning.training import Monitor

Block = dict[str, Any]
EXAMPLE_ROWS = 5


def assign_parts(feature_table: pd.DataFrame, split: Block, duplicates: str, target: str, task: str) -> pd.DataFrame:
    """Assign each row to training, validation and test.

    Returns:
        One column `part`, uint8, a sum of bits: 1 training, 2 validation, 4 test; 0 for rows that are not used.
    """
    settings = parameters.SplitParameters.model_validate(split)
    parts = splitting.assign_rows(feature_table, settings, duplicates)
    labels = feature_table[target].to_numpy()
    splitting.check_parts(parts, labels, task != "regression", validation=settings.holds_validation_back)
    return pd.DataFrame({"part": parts})


def describe_split(
    feature_table: pd.DataFrame, parts: pd.DataFrame, preparation: AnyPreparation, split: Block
) -> dict[str, float]:
    """Count what each part holds and tell what the split lets a model see.

    Returns:
        `data/<part>_rows`, `data/promotion_rows`, `data/unused_rows`, `data/features`, and for each key the share of
        test rows whose key was in training.
    """
    part = parts["part"].to_numpy()
    counts = {f"data/{name}_rows": float((part & bit > 0).sum()) for name, bit in splitting.PARTS.items()}
    overlap = splitting.measure_overlap(feature_table, part, split["keys"])
    seen = {f"test/{name}": share for name, share in overlap.items()}
    others = {
        "data/promotion_rows": float((part == splitting.PROMOTION).sum()),
        "data/unused_rows": float((part == 0).sum()),
        "data/features": float(preparation.feature_count),
    }
    return {**counts, **others, **seen}


def fit_preparation_on_training(
    feature_table: pd.DataFrame,
    parts: pd.DataFrame,
    preparation: Block,
    leaks: Block,
    *,
    feature_sources: FeatureSources,
) -> AnyPreparation:
    """Fit fills, clips, categories and scales, or a vocabulary, on the training rows alone."""
    rows = feature_table[(parts["part"] & splitting.TRAIN > 0).to_numpy()]
    names = name_features(list(feature_table.columns), feature_sources, preparation, leaks)
    return fit_features(rows[names], preparation)


def name_features(columns: list[str], feature_sources: FeatureSources, preparation: Block, leaks: Block) -> list[str]:
    """List the feature columns to use: those chosen and there, less all that are made of a raw column that leaks."""
    chosen = preparation.get("columns") or list(feature_sources)
    closed = {raw for raw, kept in leaks.items() if kept == "drop"}
    return [name for name in chosen if name in columns and closed.isdisjoint(feature_sources[name])]


def fit_features(rows: pd.DataFrame, preparation: Block) -> AnyPreparation:
    """Fit the preparation of whichever inputs the parameters describe."""
    settings = parameters.read_preparation(preparation)
    if isinstance(settings, parameters.TextPreparationParameters):
        from casebook.learning.texts import fit_texts

        return fit_texts(rows, settings)
    if isinstance(settings, parameters.ImagePreparationParameters):
        from casebook.learning.images import fit_images

        return fit_images(rows, settings)
    from casebook.learning.fitting import fit_preparation

    return fit_preparation(rows, settings)


def apply_preparation(
    feature_table: pd.DataFrame, parts: pd.DataFrame, preparation: AnyPreparation, target: str, task: str
) -> tuple[Arrays, Arrays, Arrays]:
    """Turn each part into model arrays.

    Returns:
        Arrays of the training, validation and test rows: those of the preparation, and `target`.
    """
    prepared = {**preparation.prepare(feature_table), "target": take_target(feature_table, target, task)}
    return take_parts(prepared, parts["part"].to_numpy())


def take_texts(
    feature_table: pd.DataFrame, parts: pd.DataFrame, preparation: TextPreparation, target: str
) -> tuple[Arrays, Arrays, Arrays]:
    """Take the texts of each part as they are, for the rival that reads them whole.

    Returns:
        `text` and `target` of the training, validation and test rows.
    """
    texts = feature_table[preparation.name].to_numpy(object)
    return take_parts({"text": texts, "target": feature_table[target].to_numpy("uint8")}, parts["part"].to_numpy())


def take_parts(values: Arrays, part: np.ndarray) -> tuple[Arrays, Arrays, Arrays]:
    """Take the training, validation and test rows of arrays."""
    rows = [np.flatnonzero(part & bit) for bit in splitting.PARTS.values()]
    train, validation, test = ({name: array.take(r, axis=0) for name, array in values.items()} for r in rows)
    return train, validation, test


def train_network(
    train_arrays: Arrays, validation_arrays: Arrays, preparation: AnyPreparation, training: Block, monitor: Monitor
) -> tuple[keras.Model, pd.DataFrame]:
    """Train the network that the parameters describe; see `learning.training.train_network`."""
    from casebook.learning import training as library

    settings = parameters.TrainingParameters.model_validate(training)
    # A monitor of a fold or trial keeps none.
    checkpoint = getattr(monitor, "checkpoint", None)
    return library.train_network(
        train_arrays, validation_arrays, preparation, settings, monitor, checkpoint, settings.refit
    )


def fit_reference(train_rows: Arrays, validation_rows: Arrays, preparation: AnyPreparation, reference: Block) -> Any:  # noqa: ANN401 - a scikit-learn estimator
    """Fit the rival that the network is measured against."""
    from casebook.learning import reference as library

    return library.fit_reference(train_rows, validation_rows, preparation, parameters.read_reference(reference))


def take_example(
    joined_rows: pd.DataFrame, preparation: AnyPreparation, *, feature_sources: FeatureSources
) -> pd.DataFrame:
    """Select a few rows as they stand in the raw files; the model shows them as its input and requires their columns.

    Returns:
        The raw columns that a feature of the model is made of, in their order. The others, such as a leak that was
        closed, may be absent from a raw row: feature engineering computes what can be computed of those that are there.
    """
    from casebook.learning.serving import raw_form

    needed = list_raw_columns(preparation.column_names, feature_sources)
    return raw_form(joined_rows[[name for name in joined_rows if name in needed]].head(EXAMPLE_ROWS))


def package_model(
    network: keras.Model, preparation: AnyPreparation, example_rows: pd.DataFrame, task: str, evaluation: Block
) -> Package:
    """Put feature engineering, preparation and network together with the example of raw rows."""
    from casebook.learning.packaging import Package

    return Package(network, preparation, task, evaluation["threshold"], example_rows)


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
