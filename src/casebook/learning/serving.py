"""The model as others see it: raw rows in, probability and class out. This module travels inside every logged model."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.learning.columns import conform_table
from casebook.learning.networks import load_network, make_predictor
from casebook.learning.preparation import Preparation, prepare_rows

if TYPE_CHECKING:
    from pathlib import Path

    import keras


class RowModel:
    """Feature engineering, preparation and network of one case behind one `predict`."""

    def __init__(self, case: str, preparation: Preparation, network: keras.Model, threshold: float) -> None:
        """Keep the parts; `case` names the package that holds the columns and features."""
        root = (__package__ or "").rpartition(".")[0]
        self.columns = import_module(f"{root}.pipelines.{case}.columns").RAW_ROW
        self.engineer_features = import_module(f"{root}.pipelines.{case}.features").engineer_features
        self.case = case
        self.preparation = preparation
        self.network = network
        self.predict_prepared = make_predictor(network)
        self.threshold = threshold

    @classmethod
    def load(cls, folder: Path) -> RowModel:
        """Read the model from the folder that `packaging` wrote."""
        facts = json.loads((folder / "package.json").read_text())
        preparation = Preparation.from_dict(json.loads((folder / "preparation.json").read_text()))
        return cls(facts["case"], preparation, load_network(folder / "network.keras"), facts["threshold"])

    def predict_probability(self, rows: pd.DataFrame) -> np.ndarray:
        """Predict raw rows; float64 of shape (rows,).

        Raises:
            InvalidTableError: a column is missing or unknown, or a value has the wrong form. Unknown categories and
                nulls are no errors: the preparation says what becomes of them.
        """
        typed = conform_table(rows, self.columns, f"a row of {self.case}")
        return self.predict_prepared(prepare_rows(self.engineer_features(typed), self.preparation))

    def predict(self, rows: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:
        """Predict raw rows.

        Returns:
            `probability` (of class 1) and `class` (1 where it reaches the threshold), with the index of `rows`.
        """
        probability = self.predict_probability(rows)
        least = self.threshold if threshold is None else threshold
        return pd.DataFrame({"probability": probability, "class": (probability >= least).astype(np.int64)}, rows.index)


def raw_form(rows: pd.DataFrame) -> pd.DataFrame:
    """Write typed rows as they stand in the raw files: days as text, categories as text, None for null."""
    return pd.DataFrame({str(name): _raw_values(rows[name]) for name in rows.columns}, index=rows.index)


def _raw_values(column: pd.Series) -> Any:  # noqa: ANN401 - a column of mixed Python values
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime("%Y-%m-%d")
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column
    return column.astype(object).where(column.notna(), None)
