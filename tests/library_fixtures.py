"""Small tables and parameters that several tests of the library build on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from tests.declared_fixtures import ingest_tables

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters, TabularPreprocessingParameters, TrainingParameters
from casebook.inference.row_model import to_raw_values
from casebook.model_registry.model_package import Package
from casebook.models.networks import build_network
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.row_schema import RowSchema
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor, prepare_rows
from casebook.synthetic_data.redhat import generate_sample
from casebook.training.callbacks import TrainingCallback
from casebook.training.curves import read_curves

# Busy cores shared with others can make any example slow; the same examples come every time.
settings.register_profile("casebook", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("casebook")

DEFAULTS = {"scaling": "standard", "encoding": {}, "impute": {}, "clip": {}, "min_frequency": 1}
TRAINING = {
    "epochs": 2,
    "batch_size": 16,
    "loss": "binary_crossentropy",
    "metrics": ["accuracy", "auc"],
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "schedule": {"name": "constant"},
    "network": {"hidden": [4]},
}


class Recorder(TrainingCallback):
    """Writes down what it is called with: steps as they were done, epochs by their curves."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self._done = 0

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ANN401, ARG002
        self.heard.append(("start", self.params["epochs"], self.params["steps"]))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
        self._done = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
        self.heard.append(("advance", batch + 1 - self._done))
        self._done = batch + 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.heard.append(("epoch", epoch + 1, read_curves(logs, self.params)))

    def close(self) -> None:
        self.heard.append(("stop",))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="session")
def fit() -> Callable[..., TabularPreprocessor]:
    """Fit a preprocessor with the defaults but for what is given."""

    def fit_table(table: pd.DataFrame, **parameters: object) -> TabularPreprocessor:
        return fit_preprocessor(table, TabularPreprocessingParameters(**{**DEFAULTS, **parameters}))

    return fit_table


@pytest.fixture(scope="session")
def training() -> Callable[..., TrainingParameters]:
    """Make training parameters with the defaults but for what is given."""
    return lambda **parameters: TrainingParameters.model_validate({**TRAINING, **parameters})


@pytest.fixture(scope="session")
def make_mixed_table() -> Callable[[int, int], pd.DataFrame]:
    """Draw a table with a column of every sort, constants and large ids included."""

    def make(seed: int, rows: int) -> pd.DataFrame:
        generator = np.random.default_rng(seed)
        colours = generator.choice(["red", "green", "blue"], rows)
        return pd.DataFrame(
            {
                "colour": pd.Categorical(colours, categories=["red", "never", "green", "blue"]),
                "year": generator.integers(1990, 2025, rows),
                "activity": generator.integers(1, 4_000_000, rows),
                "rate": generator.normal(0.04, 0.001, rows),
                "shop": pd.Series([f"shop {n}" for n in generator.integers(0, 400, rows)], dtype="str"),
                "open": generator.random(rows) < 0.3,
                "amount": generator.lognormal(8, 2, rows),
                "constant": np.full(rows, 0.1),
                "only": pd.Series(["here"] * rows, dtype="str"),
                "month": generator.integers(1, 13, rows),
            }
        )

    return make


@pytest.fixture(scope="session")
def learnable(fit: Callable[..., TabularPreprocessor]) -> tuple[TabularPreprocessor, Arrays, Arrays]:
    """Make training and validation rows whose target follows from two of three columns."""
    generator = np.random.default_rng(11)
    table = pd.DataFrame(
        {
            "left": generator.normal(size=600),
            "right": generator.normal(size=600),
            "noise": generator.normal(size=600),
            "kind": pd.Categorical(generator.choice(["p", "q", "r"], 600)),
        }
    )
    target = ((table["left"] * table["right"] > 0) ^ (table["kind"] == "r")).to_numpy(np.uint8)
    preprocessor = fit(table[:400], encoding={"kind": "embedding"})
    arrays = {**prepare_rows(table, preprocessor), "target": target}
    return preprocessor, {k: v[:400] for k, v in arrays.items()}, {k: v[400:] for k, v in arrays.items()}


@dataclass(frozen=True)
class RedhatModel:
    """An untrained model of the Red Hat case, and the typed rows that it was made from."""

    joined_rows: pd.DataFrame
    package: Package

    @property
    def schema(self) -> RowSchema:
        """Columns and features of the case."""
        assert self.package.row_schema is not None
        return self.package.row_schema

    @cached_property
    def raw_rows(self) -> pd.DataFrame:
        """Rows as a request holds them."""
        return to_raw_values(self.joined_rows.drop(columns="outcome"))


@cache
def ingest_redhat() -> tuple[pd.DataFrame, RowSchema]:
    """Make typed rows of a small sample of the Red Hat case, and their schema."""
    tables = generate_sample(150, 400, 1).tables
    return ingest_tables("redhat", tables["act_train.csv"], tables["people.csv"])


@pytest.fixture(scope="session")
def redhat_model(fit: Callable[..., TabularPreprocessor]) -> RedhatModel:
    """Make a model of sample rows with a column of every encoding."""
    start_tensorflow()
    import keras

    joined, schema = ingest_redhat()
    options = {"encoding": {"people_group_1": "embedding"}, "impute": {"activity_type": "mode"}}
    preprocessor = fit(schema.engineer_features(joined).drop(columns="outcome"), **options)
    keras.utils.set_random_seed(7)
    network = build_network(preprocessor, NetworkParameters(hidden=[8], activation="tanh", initializer="he_normal"))
    example = to_raw_values(joined.drop(columns="outcome").head(3))
    return RedhatModel(joined, Package(network, preprocessor, "binary", 0.5, example, schema))
