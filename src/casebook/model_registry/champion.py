"""A registered version loaded for prediction: its row model, tags and training profile."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
from mlflow import MlflowClient

from casebook.column_types.parsing import InvalidTableError
from casebook.config.paths import tracking_uri
from casebook.data.data_frames import to_pandas
from casebook.inference.predictions import add_class
from casebook.model_registry.model_package import NETWORK_FILE, PARTS_FOLDER
from casebook.model_registry.registry import CHAMPION, ORIGIN, find_version
from casebook.monitoring.unknown_categories import measure_unknown
from casebook.tracking.mlflow_client import without_hint_warning
from casebook.tracking.run_artifacts import load_dict, look_up_run
from casebook.tracking.sqlite_store import open_read_only
from casebook.tracking.store_address import refuse_unusable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    import keras
    import numpy as np
    from mlflow.entities.model_registry import ModelVersion

    from casebook.column_types.parsing import Kind
    from casebook.inference.row_model import RowModel

# Artifact of the run that made a version.
PROFILE = "training_profile.json"
# Of a version whose run made several: where its own lies.
PROFILE_TAG = "profile"
TEST = "test/"
# Beside its parts: the raw rows that MLflow keeps as an example.
EXAMPLE = "input_example.json"
# Of a run's metrics: what stands side by side.
SCORED = ("test", "baseline", "reference")


class NoChampionError(InvalidTableError):
    """No version has the alias, or its files are damaged; the message says what to do."""


@dataclass(frozen=True)
class Champion:
    """A version of a case's registered model.

    Attributes:
        case: name of the registered model.
        version: its number.
        run_id: the run that made it.
        tags: of the version.
        model: the row model inside the logged one, with the code that it was logged with.
        folder: where its parts lie.
    """

    case: str
    version: str
    run_id: str
    tags: Mapping[str, str]
    model: Any
    folder: Path

    @property
    def origin(self) -> str:
        """Origin of its training rows: `files` or `sample`."""
        return self.tags.get(ORIGIN, "")

    @property
    def test_scores(self) -> dict[str, float]:
        """Scores of its run on its test rows, by metric."""
        return _without_prefix(self.tags, TEST)

    @cached_property
    def scores(self) -> dict[str, dict[str, float]]:
        """Scores on its run's test rows: of the model (`test`), the `baseline` and the `reference`, by metric.

        Of a run that is gone, or a version that is not its only one, those of the model alone.

        Raises:
            StoreError: the store cannot be asked.
        """
        run = None if PROFILE_TAG in self.tags else look_up_run(self.run_id)
        metrics = run.data.metrics if run else {}
        sides = {side: _without_prefix(metrics, f"{side}/") for side in SCORED}
        return {**sides, "test": {**self.test_scores, **sides["test"]}}

    @cached_property
    def example(self) -> dict[str, Any]:
        """A raw row of its training, by column, as JSON holds it; nothing where none was logged."""
        file = self.folder.parents[1] / EXAMPLE if len(self.folder.parts) > 1 else self.folder / EXAMPLE
        if not file.is_file():
            return {}
        example = json.loads(file.read_text())
        return dict(zip(example["columns"], example["data"][0], strict=True))

    @property
    def required(self) -> list[str]:
        """The raw columns that a row must have."""
        return [name for name in self.model.columns if name not in self.model.optional]

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Types of the raw columns that it takes, optional ones included."""
        kinds: Mapping[str, Kind] = self.model.columns
        return kinds

    @property
    def classes(self) -> tuple[str | int, ...]:
        """The labels of its classes by number; none where they are the numbers, or there are none."""
        return tuple(getattr(self.model, "classes", ()))

    @property
    def sources(self) -> Mapping[str, tuple[str, ...]]:
        """Of each feature all raw columns that it is made of; none of a version that was logged without them."""
        return getattr(self.model, "sources", {})

    @property
    def looks_back(self) -> bool:
        """Return whether an answer depends on other rows of the same table."""
        return bool(getattr(self.model, "looks_back", False))

    @cached_property
    def profile(self) -> Mapping[str, Any]:
        """Profile of its training rows (see `monitoring.training_profile`); empty where its run logged none.

        Raises:
            StoreError: the store cannot be asked.
        """
        return load_dict(self.run_id, self.tags.get(PROFILE_TAG, PROFILE)) or {}

    def features(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Engineer the features of raw rows, with the code that the model was logged with.

        Returns:
            The feature table, a row for each raw row.
        """
        kinds = {name: kind for name, kind in self.kinds.items() if name in rows}
        typed = self._code.conform_table(rows, kinds, f"a row of {self.case}")
        features: pd.DataFrame = self.model.engineer_features(typed)
        return features

    def unknown_categories(self, features: pd.DataFrame) -> pd.DataFrame:
        """Count the rows of features whose category it has no place for; see `monitoring.unknown_categories`."""
        return measure_unknown(features, self.model.preprocessor)

    def answer_features(self, features: pd.DataFrame) -> pd.DataFrame:
        """Predict feature rows; the columns of the result are those of `predict`.

        Returns:
            `probability` and `class`; `probability_0` ... and `class` for several classes; or `prediction`.
        """
        prepared = self.model.preprocessor.prepare(features)
        outputs = self._code.name_outputs(self.model.task, self.model.predict_prepared(prepared))
        # A version answers with the code that it was logged with, which may be older than labels.
        if hasattr(self.model, "answer"):
            return pd.DataFrame(self.model.answer(outputs))
        return pd.DataFrame(add_class(self.model.task, outputs, self.model.threshold))

    def reopen(self) -> tuple[RowModel, keras.Model]:
        """Load row model and network with the installed code, to continue training."""
        from casebook.inference.row_model import RowModel
        from casebook.models.networks import load_network

        return RowModel.load(self.folder), load_network(self.folder / NETWORK_FILE)

    @property
    def _code(self) -> ModuleType:
        return sys.modules[type(self.model).__module__]

    def predict(self, rows: Any, threshold: float | None = None) -> pd.DataFrame:  # noqa: ANN401 - any frame
        """Predict raw rows, a data frame of any library; see `inference.row_model.RowModel.predict`."""
        answers: pd.DataFrame = self.model.predict(to_pandas(rows), threshold)
        return answers

    def predict_plain(
        self, columns: Mapping[str, Sequence[Any]], threshold: float | None = None
    ) -> dict[str, np.ndarray] | None:
        """Predict plain values by column; see `inference.row_model.RowModel.predict_plain`."""
        # A version predicts with the code that it was logged with, which may be older than this method.
        predict = getattr(self.model, "predict_plain", None)
        answers: dict[str, np.ndarray] | None = predict(columns, threshold) if predict else None
        return answers


def _without_prefix(values: Mapping[str, Any], prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): float(value) for name, value in values.items() if name.startswith(prefix)}


def load_champion(case: str, alias: str = CHAMPION) -> Champion:
    """Load the version that has an alias.

    Raises:
        NoChampionError: none has it, or its files are gone or damaged.
    """
    version = find_version(case, alias)
    if version is None:
        others = sorted(model.name for model in MlflowClient().search_registered_models() if alias in model.aliases)
        raise NoChampionError(
            f"{case} has no {alias} in {mlflow.get_tracking_uri()}: run `kedro run --pipeline={case}` first "
            "(a version becomes champion when split.promotion_share is above 0); "
            + (f"these have one: {', '.join(others)}" if others else "no model has one")
        )
    return load_version(version)


def load_version(version: ModelVersion, folder: Path | None = None) -> Champion:
    """Load a version of a registered model.

    Args:
        version: as the registry has it.
        folder: for files that a server sends; one of the system's where none is given.

    Raises:
        NoChampionError: its files are gone or damaged.
    """
    case = version.name
    # By way of models:/<name>/<version> MLflow writes into the folder of the model, which may be read-only.
    location = MlflowClient().get_model_version_download_uri(case, version.version)
    try:
        place = Path(mlflow.artifacts.download_artifacts(location, dst_path=str(folder) if folder else None))
        with without_hint_warning():
            model = mlflow.pyfunc.load_model(str(place)).unwrap_python_model().rows
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise NoChampionError(
            f"the files of version {version.version} of {case} cannot be read from {location} ({told}): put them back, "
            "or give another version its alias (champion) in the MLflow UI"
        ) from error
    parts = place / "artifacts" / PARTS_FOLDER
    return Champion(case, str(version.version), str(version.run_id), dict(version.tags), model, parts)


def open_registry(uri: str | None = None) -> None:
    """Set MLflow's tracking address to a store, created where there is none; it may be read-only.

    Args:
        uri: its address; the project's where none is given.
    """
    mlflow.set_tracking_uri(open_read_only(refuse_unusable(uri or tracking_uri())))
