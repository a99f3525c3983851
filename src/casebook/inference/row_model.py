"""The model that predicts raw rows. This module is copied into every logged model."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.column_types.parsing import InvalidTableError, conform_table
from casebook.inference.fast_rows import FastRows
from casebook.inference.predictions import (
    add_class,
    check_output,
    check_threshold,
    label_answers,
    name_outputs,
    select_output,
)
from casebook.models.networks import load_network, make_predictor
from casebook.models.numpy_network import DESCRIPTION, NumpyNetwork
from casebook.preprocessing.lags import FILE as HISTORY_FILE
from casebook.preprocessing.lags import History
from casebook.preprocessing.modality import restore_preprocessor
from casebook.preprocessing.row_schema import RowSchema
from casebook.preprocessing.tabular import TabularPreprocessor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.tabular import Arrays

    Predictor = Callable[[Mapping[str, np.ndarray]], np.ndarray]


class RowModel:
    """Feature engineering, preprocessing and network of one case behind one `predict`."""

    def __init__(
        self,
        facts: Mapping[str, Any],
        preprocessor: Preprocessor,
        predict_prepared: Predictor,
        history: History | None = None,
    ) -> None:
        """Store preprocessor, network and feature functions.

        Args:
            facts: `case`, `task`, `threshold` of class 1, the raw `columns` that the model uses (a row may lack
                others), and the `row_schema` of a declared case; without one a package of the case's name holds columns
                and features.
            preprocessor: fitted.
            predict_prepared: the network as a function of prepared rows.
            history: the rows that its lags look back at.
        """
        self.case = facts["case"]
        schema = RowSchema.from_dict(facts["row_schema"]) if facts.get("row_schema") else None
        self.schema = schema.with_history(history) if schema and history else schema
        parts: Any = self.schema or _CaseCode(self.case)
        self.columns = parts.columns
        self.engineer_features = parts.engineer_features
        self.sources = parts.sources
        self.classes = self.schema.classes if self.schema else ()
        self.task = facts["task"]
        self.threshold = facts["threshold"]
        self.optional = set(self.columns) - set(facts["columns"])
        self.preprocessor = preprocessor
        self.predict_prepared = predict_prepared
        self.plain: FastRows | None = None
        if parts.value_features is not None and isinstance(preprocessor, TabularPreprocessor):
            sources = {name: parts.sources[name] for name in preprocessor.column_names}
            if all(len(raw) == 1 for raw in sources.values()):
                of_one = {name: raw[0] for name, raw in sources.items()}
                self.plain = FastRows(self.columns, self.optional, of_one, parts.value_features, preprocessor)

    @classmethod
    def load(cls, folder: Path) -> RowModel:
        """Load the model from the folder that `model_registry.model_package` wrote."""
        facts = json.loads((folder / "package.json").read_text())
        preprocessor = restore_preprocessor(json.loads((folder / "preprocessor.json").read_text()))
        kept = folder / HISTORY_FILE
        history = History.from_arrays(dict(np.load(kept, allow_pickle=False))) if kept.exists() else None
        if (folder / DESCRIPTION).exists():
            return cls(facts, preprocessor, NumpyNetwork.load(folder), history)
        return cls(facts, preprocessor, make_predictor(load_network(folder / "network.keras")), history)

    @property
    def looks_back(self) -> bool:
        """Return whether an answer depends on other rows of the same table."""
        return self.schema is not None and self.schema.looks_back

    def predict_outputs(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        """Predict raw rows; see `predictions.name_outputs` for the names.

        Raises:
            InvalidTableError: there are no rows, a column is missing or unknown, or a value has the wrong form. Unknown
                categories and nulls are no errors: the preprocessor encodes them.
        """
        if not len(rows):
            raise InvalidTableError("no rows were given")
        prepared = self.plain.prepare_table(rows) if self.plain else None
        return name_outputs(self.task, self.predict_prepared(prepared or self._prepare(rows)))

    def _prepare(self, rows: pd.DataFrame) -> Arrays:
        columns = {name: kind for name, kind in self.columns.items() if name in rows or name not in self.optional}
        typed = conform_table(rows, columns, f"a row of {self.case}")
        return self.preprocessor.prepare(self.engineer_features(typed))

    def predict(self, rows: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:
        """Predict raw rows.

        Returns:
            With the index of `rows`: `probability` (of class 1) and `class` (1 where it reaches the threshold); for
            several classes `probability_0` ... and `class`, the likeliest; for a regression `prediction`. Labelled
            classes stand there as they are written, `class` as a category of all of them in their order.

        Raises:
            ValueError: the threshold is no number from 0 to 1, or this model takes none.
            InvalidTableError: see `predict_outputs`.
        """
        answers = pd.DataFrame(self.answer(self.predict_outputs(rows), threshold), rows.index)
        if not self.classes or "class" not in answers:
            return answers
        return answers.assign(**{"class": pd.Categorical(answers["class"], list(self.classes))})

    def predict_output(
        self, rows: pd.DataFrame, output: str | None = None, threshold: float | None = None
    ) -> pd.DataFrame | np.ndarray:
        """Predict raw rows, all outputs or one: the form that MLflow's own tools take.

        Args:
            rows: raw.
            output: `all` (default), `class`, `probability`, or of a regression `prediction`.
            threshold: see `predict`.

        Returns:
            The table of `predict`; of one output its values, shape (rows,), and for the probabilities of several
            classes their columns of that table.

        Raises:
            ValueError: the model has no such output; and see `predict`.
        """
        wanted = check_output(self.task, output)
        return select_output(self.predict(rows, threshold), wanted)

    def predict_plain(
        self, columns: Mapping[str, Sequence[Any]], threshold: float | None = None
    ) -> dict[str, np.ndarray] | None:
        """Predict raw rows given as lists of plain values by column, without a table.

        Returns:
            The columns of `predict`; None where a table is needed to parse them, or to report invalid ones.
        """
        prepared = self.plain.prepare(columns) if self.plain else None
        if prepared is None:
            return None
        return self.answer(name_outputs(self.task, self.predict_prepared(prepared)), threshold)

    def answer(self, outputs: dict[str, np.ndarray], threshold: float | None = None) -> dict[str, np.ndarray]:
        """Add the class to named outputs, and label it."""
        given = check_threshold(self.task, threshold)
        answers = add_class(self.task, outputs, self.threshold if given is None else given)
        return label_answers(self.task, answers, self.classes)


class _CaseCode:
    """What a case in Python declares: the modules that lie beside this one in its model, or in the project."""

    def __init__(self, case: str) -> None:
        root = (__package__ or "").rpartition(".")[0]
        columns = import_module(f"{root}.pipelines.{case}.columns")
        features = import_module(f"{root}.pipelines.{case}.features")
        self.columns = columns.RAW_ROW
        self.sources = getattr(columns, "FEATURE_SOURCES", {})
        self.engineer_features = features.engineer_features
        self.value_features = getattr(features, "VALUE_FEATURES", None)


def to_raw_values(rows: pd.DataFrame) -> pd.DataFrame:
    """Convert typed rows to the form of the raw files: days as text, categories as text, None for null."""
    return pd.DataFrame({str(name): _raw_values(rows[name]) for name in rows.columns}, index=rows.index)


def _raw_values(column: pd.Series) -> Any:  # noqa: ANN401 - a column of mixed Python values
    if pd.api.types.is_datetime64_any_dtype(column):
        whole_days = bool((column.dropna() == column.dropna().dt.normalize()).all())
        column = column.dt.strftime("%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M:%S")
    if column.dtype == object and len(column) and isinstance(column.iloc[0], np.ndarray):
        return [values.tolist() for values in column]
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        return column
    return column.astype(object).where(column.notna(), None)
