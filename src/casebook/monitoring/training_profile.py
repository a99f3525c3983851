"""The profile of a model's training rows: histograms, typical values, last day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.evaluation.shapley import typical_values
from casebook.inference.predictions import label_answers, name_outputs
from casebook.monitoring.drift import FEATURE, MAX_CATEGORIES, describe_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.row_schema import Label


# So many rows tell how all are spread.
MAX_PROFILED_ROWS = 50_000
BOUNDED_DECILES = np.linspace(0, 1, 11)


def describe_training(
    joined_rows: pd.DataFrame,
    feature_table: pd.DataFrame,
    rows: np.ndarray,
    preprocessor: Preprocessor,
    network: keras.Model,
    classes: Sequence[Label] = (),
) -> dict[str, Any]:
    """Describe the rows that a network was trained on, given by their places.

    Returns:
        `histograms` of the features and the network's answers (see `monitoring.drift`) and the `typical` value of each
        raw column (see `evaluation.shapley`) and the `values` that it holds (see `describe_values`), of evenly spaced
        rows where there are many; and the last of the `days` of each raw column that holds days.
    """
    from casebook.evaluation.prediction import predict
    from casebook.models.networks import task_of_network

    some = thin_out(rows)
    features = feature_table[preprocessor.column_names].iloc[some]
    task = task_of_network(network)
    outputs = name_outputs(task, predict(network, preprocessor.prepare(features)))
    profile = profile_rows(joined_rows.iloc[some], features, label_answers(task, outputs, classes))
    return {**profile, "days": _last_days(joined_rows, rows)}


def thin_out(rows: np.ndarray) -> np.ndarray:
    """Return the rows that are described: all, or evenly spaced ones where there are many."""
    return rows[:: max(1, -(-len(rows) // MAX_PROFILED_ROWS))]


def profile_rows(joined_rows: pd.DataFrame, features: pd.DataFrame, answers: dict[str, np.ndarray]) -> dict[str, Any]:
    """Describe typed rows, their features and a network's answers to them; see `describe_training`."""
    return {
        "histograms": describe_columns(features.add_prefix(FEATURE)) | describe_columns(pd.DataFrame(answers)),
        "typical": typical_values(joined_rows),
        "values": describe_values(joined_rows),
        "days": _last_days(joined_rows, np.arange(len(joined_rows))),
    }


def describe_values(joined_rows: pd.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """Describe which values each raw column holds.

    Returns:
        By column `numbers`, the deciles from the lowest value to the highest, or `categories`, the most frequent first;
        no days, booleans, images, nor texts that differ in every row.
    """
    found = {str(name): _describe_values(joined_rows[name]) for name in joined_rows}
    return {name: values for name, values in found.items() if values}


def _describe_values(column: pd.Series) -> dict[str, list[Any]]:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        known = column.dropna().to_numpy()
        # Values that occur: of whole numbers whole ones.
        deciles = np.quantile(known, BOUNDED_DECILES, method="nearest") if len(known) else known
        return {"numbers": np.unique(deciles).tolist()} if len(known) else {}
    if isinstance(column.dtype, pd.CategoricalDtype):
        counts = column.value_counts().head(MAX_CATEGORIES)
        occurring = counts[counts > 0]
        return {"categories": [str(value) for value in occurring.index]} if (occurring > 1).any() else {}
    return {}


def _last_days(joined_rows: pd.DataFrame, rows: np.ndarray) -> dict[str, str]:
    dated = [str(name) for name, kind in joined_rows.dtypes.items() if kind.kind == "M"]
    return {name: f"{joined_rows[name].iloc[rows].max():%Y-%m-%d}" for name in dated}
