"""Nodes of a training run that promotion and monitoring need: promotion rows and the training profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.config import schema
from casebook.data import splitting
from casebook.data.promotion_holdout import find_promotion_keys, hold_out_keys
from casebook.monitoring.training_profile import describe_training

if TYPE_CHECKING:
    import keras

    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.row_schema import RowSchema

Block = dict[str, Any]


def hold_out_promotion_rows(
    initial_split: pd.DataFrame, joined_rows: pd.DataFrame, split: Block, promotion: Block, target: str
) -> pd.DataFrame:
    """Move the promotion rows out of training, validation and test.

    Returns:
        `part` as before, and 8 for the rows that no run of the case trains, validates or tests on.

    Raises:
        InvalidTableError: the raw rows lack the column `promotion.key`.
    """
    share = schema.SplitParameters.model_validate(split).promotion_share
    key = schema.PromotionParameters.model_validate(promotion).key
    if not share:
        return initial_split
    keys = find_promotion_keys(joined_rows, key, target)
    return pd.DataFrame({"part": hold_out_keys(initial_split["part"].to_numpy(), keys, share)})


def select_promotion_rows(
    joined_rows: pd.DataFrame, split_assignment: pd.DataFrame, target: str, *, row_schema: RowSchema | None = None
) -> pd.DataFrame:
    """Select the promotion rows in raw form with their target; empty where `split.promotion_share` is 0."""
    from casebook.inference.row_model import to_raw_values

    rows = joined_rows[(split_assignment["part"] == splitting.PROMOTION).to_numpy()]
    # In a declared case's table a column of that name is the user's own.
    others = [target] if row_schema else [target, splitting.GIVEN]
    raw = to_raw_values(rows.drop(columns=others, errors="ignore"))
    return raw.assign(**{target: rows[target]}).reset_index(drop=True)


def profile_training(
    joined_rows: pd.DataFrame,
    feature_table: pd.DataFrame,
    split_assignment: pd.DataFrame,
    preprocessor: Preprocessor,
    network: keras.Model,
    training: dict[str, Any],
    *,
    row_schema: RowSchema | None = None,
) -> dict[str, Any]:
    """Describe the training rows for those who use the model later; see `describe_training`."""
    used = splitting.TRAIN | (splitting.VALIDATION if training.get("refit") else 0)
    rows = np.flatnonzero(split_assignment["part"] & used)
    classes = row_schema.classes if row_schema else ()
    return describe_training(joined_rows, feature_table, rows, preprocessor, network, classes)
