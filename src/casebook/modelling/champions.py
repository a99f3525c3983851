"""Nodes of a training run that keep what its model needs to become a champion, and to be looked after as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook import parameters
from casebook.learning import splitting
from casebook.learning.batches import FEATURE
from casebook.learning.columns import InvalidTableError
from casebook.learning.drift import describe_columns
from casebook.learning.explaining import typical_values
from casebook.learning.holding_back import hash_raw_rows, hold_back
from casebook.learning.predictions import name_outputs

if TYPE_CHECKING:
    import keras

    from casebook.learning.inputs import AnyPreparation

Block = dict[str, Any]
# So many rows tell how all are spread.
MOST_PROFILED = 50_000


def hold_back_promotion(
    dealt_parts: pd.DataFrame, joined_rows: pd.DataFrame, split: Block, promotion: Block, target: str
) -> pd.DataFrame:
    """Take the promotion rows out of the parts that they were dealt to.

    Returns:
        `part` as before, and 8 for the rows that no run of the case trains, validates or tests on.

    Raises:
        InvalidTableError: the raw rows lack the column `promotion.key`.
    """
    share = parameters.SplitParameters.model_validate(split).promotion_share
    key = parameters.PromotionParameters.model_validate(promotion).key
    if not share:
        return dealt_parts
    if key and key not in joined_rows:
        there = ", ".join(map(str, joined_rows.columns))
        raise InvalidTableError(f"promotion.key: there is no raw column {key!r}; there are {there}")
    inputs = joined_rows.drop(columns=[target, splitting.GIVEN], errors="ignore")
    keys = joined_rows[key] if key else hash_raw_rows(inputs)
    return pd.DataFrame({"part": hold_back(dealt_parts["part"].to_numpy(), keys, share)})


def take_promotion_rows(joined_rows: pd.DataFrame, parts: pd.DataFrame, target: str) -> pd.DataFrame:
    """Take the promotion rows as they stand in the raw files, with their target; none where none are held back."""
    from casebook.learning.serving import raw_form

    rows = joined_rows[(parts["part"] == splitting.PROMOTION).to_numpy()]
    raw = raw_form(rows.drop(columns=[target, splitting.GIVEN], errors="ignore"))
    return raw.assign(**{target: rows[target]}).reset_index(drop=True)


def profile_training(
    joined_rows: pd.DataFrame,
    feature_table: pd.DataFrame,
    parts: pd.DataFrame,
    preparation: AnyPreparation,
    network: keras.Model,
    training: dict[str, Any],
) -> dict[str, Any]:
    """Describe the training rows for those who use the model later; see `describe_training`."""
    used = splitting.TRAIN | (splitting.VALIDATION if training.get("refit") else 0)
    rows = np.flatnonzero(parts["part"] & used)
    return describe_training(joined_rows, feature_table, rows, preparation, network)


def describe_training(
    joined_rows: pd.DataFrame,
    feature_table: pd.DataFrame,
    rows: np.ndarray,
    preparation: AnyPreparation,
    network: keras.Model,
) -> dict[str, Any]:
    """Describe the rows that a network was trained on, given by their places.

    Returns:
        `histograms` of the features and the network's answers (see `learning.drift`) and the `typical` value of each
        raw column (see `learning.explaining`), of evenly spaced rows where there are many; and the last of the `days`
        of each raw column that holds days.
    """
    from casebook.learning.networks import task_of_network
    from casebook.learning.predicting import predict

    some = rows[:: max(1, -(-len(rows) // MOST_PROFILED))]
    features = feature_table[preparation.column_names].iloc[some]
    outputs = predict(network, preparation.prepare(features))
    answers = pd.DataFrame(name_outputs(task_of_network(network), outputs))
    histograms = describe_columns(features.add_prefix(FEATURE)) | describe_columns(answers)
    dated = [str(name) for name, kind in joined_rows.dtypes.items() if kind.kind == "M"]
    days = {name: f"{joined_rows[name].iloc[rows].max():%Y-%m-%d}" for name in dated}
    return {"histograms": histograms, "typical": typical_values(joined_rows.iloc[some]), "days": days}
