"""The profile of a model's training rows: histograms, typical values, last day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.batch_scoring.scorer import FEATURE
from casebook.evaluation.shapley import typical_values
from casebook.inference.predictions import label_answers, name_outputs
from casebook.monitoring.drift import describe_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    import numpy as np

    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.row_schema import Label


# So many rows tell how all are spread.
MAX_PROFILED_ROWS = 50_000


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
        raw column (see `evaluation.shapley`), of evenly spaced rows where there are many; and the last of the `days`
        of each raw column that holds days.
    """
    from casebook.evaluation.prediction import predict
    from casebook.models.networks import task_of_network

    some = rows[:: max(1, -(-len(rows) // MAX_PROFILED_ROWS))]
    features = feature_table[preprocessor.column_names].iloc[some]
    outputs = predict(network, preprocessor.prepare(features))
    task = task_of_network(network)
    answers = pd.DataFrame(label_answers(task, name_outputs(task, outputs), classes))
    histograms = describe_columns(features.add_prefix(FEATURE)) | describe_columns(answers)
    dated = [str(name) for name, kind in joined_rows.dtypes.items() if kind.kind == "M"]
    days = {name: f"{joined_rows[name].iloc[rows].max():%Y-%m-%d}" for name in dated}
    return {"histograms": histograms, "typical": typical_values(joined_rows.iloc[some]), "days": days}
