"""A trained model in memory, which can be copied, pickled and packaged."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from casebook.inference.predictions import label_answers, name_outputs
from casebook.inference.row_model import RowModel
from casebook.models.networks import load_network, make_predictor
from casebook.models.numpy_export import describe_network
from casebook.models.numpy_network import NumpyNetwork
from casebook.monitoring.training_profile import profile_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    import numpy as np
    import pandas as pd

    from casebook.model_registry.model_package import Package
    from casebook.preprocessing.row_schema import Label, RowSchema
    from casebook.preprocessing.tabular import TabularPreprocessor

NETWORK_FILE = "network.keras"
THRESHOLD = 0.5


@dataclass(frozen=True)
class TrainedModel:
    """Preprocessing and network, as plain values and bytes: neither Keras nor a compiled function is kept.

    Attributes:
        schema: of the raw rows.
        preprocessor: fitted.
        task: binary, multiclass or regression.
        network_file: the content of Keras's own file.
        description: steps and weights for NumPy (see `numpy_export`); none where only Keras can compute them.
        history: a row an epoch.
        example: a few raw rows, with the columns that are needed.
        profile: of the rows that were learnt from, see `monitoring.training_profile`; of several classes by number.
    """

    schema: RowSchema
    preprocessor: TabularPreprocessor
    task: str
    network_file: bytes
    description: tuple[dict[str, Any], dict[str, np.ndarray]] | None
    history: pd.DataFrame
    example: pd.DataFrame
    profile: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        network: keras.Model,
        preprocessor: TabularPreprocessor,
        schema: RowSchema,
        task: str,
        history: pd.DataFrame,
        example: pd.DataFrame,
    ) -> TrainedModel:
        """Serialise a network beside the rest."""
        with TemporaryDirectory() as folder:
            network.save(Path(folder, NETWORK_FILE))
            content = Path(folder, NETWORK_FILE).read_bytes()
        return cls(schema, preprocessor, task, content, describe_network(network), history, example)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields: what was built of them holds functions, which cannot be pickled."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def predict_outputs(self, rows: pd.DataFrame) -> dict[str, np.ndarray]:
        """Predict raw rows; see `inference.row_model.RowModel.predict_outputs`."""
        return self._row_model.predict_outputs(rows[list(self.schema.columns)])

    def with_profile(self, typed: pd.DataFrame, features: pd.DataFrame, rows: np.ndarray) -> TrainedModel:
        """Return the model with the profile of some rows, given by their places."""
        used = features[self.preprocessor.column_names].iloc[rows]
        outputs = self._row_model.predict_prepared(self.preprocessor.prepare(used))
        profile = profile_rows(typed.iloc[rows], used, name_outputs(self.task, outputs))
        return replace(self, profile=profile)

    def load_network(self) -> keras.Model:
        """Load the network into Keras."""
        with TemporaryDirectory() as folder:
            file = Path(folder, NETWORK_FILE)
            file.write_bytes(self.network_file)
            return load_network(file)

    def label_profile(self, classes: Sequence[Label]) -> dict[str, Any]:
        """Return the profile, with the classes of its answers as they are written."""
        return {**self.profile, "histograms": label_answers(self.task, self.profile["histograms"], classes)}

    def package(self, classes: Sequence[Label]) -> Package:
        """Package the model, as that of a declared case.

        Args:
            classes: labels by class number; none where they are the numbers, or there are none.
        """
        from casebook.model_registry.model_package import Package

        schema = replace(self.schema, classes=tuple(classes))
        return Package(self.load_network(), self.preprocessor, self.task, THRESHOLD, self.example, schema)

    @cached_property
    def _row_model(self) -> RowModel:
        facts = {
            "case": "X",
            "task": self.task,
            "threshold": THRESHOLD,
            "columns": list(self.example.columns),
            "row_schema": self.schema.to_dict(),
        }
        predictor = NumpyNetwork(*self.description) if self.description else make_predictor(self.load_network())
        return RowModel(facts, self.preprocessor, predictor)
