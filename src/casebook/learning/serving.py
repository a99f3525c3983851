"""The model as others see it: raw rows in, predictions out. This module travels inside every logged model."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.learning.columns import conform_table
from casebook.learning.forward import DESCRIPTION, ForwardPass
from casebook.learning.inputs import restore_preparation
from casebook.learning.networks import load_network, make_predictor
from casebook.learning.plain_rows import PlainRows
from casebook.learning.predictions import add_class, name_outputs
from casebook.learning.preparation import Preparation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from casebook.learning.inputs import AnyPreparation
    from casebook.learning.preparation import Arrays

    Predictor = Callable[[Mapping[str, np.ndarray]], np.ndarray]


class RowModel:
    """Feature engineering, preparation and network of one case behind one `predict`."""

    def __init__(self, facts: Mapping[str, Any], preparation: AnyPreparation, predict_prepared: Predictor) -> None:
        """Keep the parts.

        Args:
            facts: `case` (the package that holds the columns and features), `task`, `threshold` of class 1, and the raw
                `columns` that the model uses; a row may lack others.
            preparation: fitted.
            predict_prepared: the network as a function of prepared rows.
        """
        root = (__package__ or "").rpartition(".")[0]
        self.case = facts["case"]
        columns = import_module(f"{root}.pipelines.{self.case}.columns")
        self.columns = columns.RAW_ROW
        features = import_module(f"{root}.pipelines.{self.case}.features")
        self.engineer_features = features.engineer_features
        self.task = facts["task"]
        self.threshold = facts["threshold"]
        self.optional = set(self.columns) - set(facts["columns"])
        self.preparation = preparation
        self.predict_prepared = predict_prepared
        value_features = getattr(features, "VALUE_FEATURES", None)
        self.plain: PlainRows | None = None
        if value_features is not None and isinstance(preparation, Preparation):
            sources = {name: columns.FEATURE_SOURCES[name] for name in preparation.column_names}
            if all(len(raw) == 1 for raw in sources.values()):
                of_one = {name: raw[0] for name, raw in sources.items()}
                self.plain = PlainRows(self.columns, self.optional, of_one, value_features, preparation)

    @classmethod
    def load(cls, folder: Path) -> RowModel:
        """Read the model from the folder that `packaging` wrote."""
        facts = json.loads((folder / "package.json").read_text())
        preparation = restore_preparation(json.loads((folder / "preparation.json").read_text()))
        if (folder / DESCRIPTION).exists():
            return cls(facts, preparation, ForwardPass.load(folder))
        return cls(facts, preparation, make_predictor(load_network(folder / "network.keras")))

    def predict_outputs(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        """Predict raw rows; see `predictions.name_outputs` for the names.

        Raises:
            InvalidTableError: a column is missing or unknown, or a value has the wrong form. Unknown categories and
                nulls are no errors: the preparation says what becomes of them.
        """
        prepared = self.plain.prepare_table(rows) if self.plain else None
        return name_outputs(self.task, self.predict_prepared(prepared or self._prepare(rows)))

    def _prepare(self, rows: pd.DataFrame) -> Arrays:
        columns = {name: kind for name, kind in self.columns.items() if name in rows or name not in self.optional}
        typed = conform_table(rows, columns, f"a row of {self.case}")
        return self.preparation.prepare(self.engineer_features(typed))

    def predict(self, rows: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:
        """Predict raw rows.

        Returns:
            With the index of `rows`: `probability` (of class 1) and `class` (1 where it reaches the threshold); for
            several classes `probability_0` ... and `class`, the likeliest; for a regression `prediction`.
        """
        return pd.DataFrame(self._with_class(self.predict_outputs(rows), threshold), rows.index)

    def predict_plain(
        self, columns: Mapping[str, Sequence[Any]], threshold: float | None = None
    ) -> dict[str, np.ndarray] | None:
        """Predict raw rows given as lists of plain values by column, without a table.

        Returns:
            What `predict` gives, by column; nothing when it takes a table to read them, or to say what is wrong.
        """
        prepared = self.plain.prepare(columns) if self.plain else None
        if prepared is None:
            return None
        return self._with_class(name_outputs(self.task, self.predict_prepared(prepared)), threshold)

    def _with_class(self, outputs: dict[str, np.ndarray], threshold: float | None) -> dict[str, np.ndarray]:
        return add_class(self.task, outputs, self.threshold if threshold is None else threshold)


def raw_form(rows: pd.DataFrame) -> pd.DataFrame:
    """Write typed rows as they stand in the raw files: days as text, categories as text, None for null."""
    return pd.DataFrame({str(name): _raw_values(rows[name]) for name in rows.columns}, index=rows.index)


def _raw_values(column: pd.Series) -> Any:  # noqa: ANN401 - a column of mixed Python values
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.strftime("%Y-%m-%d")
    if column.dtype == object and len(column) and isinstance(column.iloc[0], np.ndarray):
        return [values.tolist() for values in column]
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column
    return column.astype(object).where(column.notna(), None)
