"""The default network on a sample: how good it is, and that the model of raw rows says what the evaluation says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.declared_fixtures import name_blocks

from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.resolve import resolve_case
from casebook.datasets import DeclaredTable
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import write_package
from casebook.synthetic_data.boston import COLUMNS

INPUTS = list(COLUMNS)
PARAMETERS = Path(__file__).parents[3] / "conf" / "base" / "boston" / "parameters.yml"
WANTED = ("test_predictions", "test_metrics", "joined_rows", "preprocessor", "model")


class Kept(MemoryDataset):
    """Keeps its data when the runner lets go of it."""

    def _release(self) -> None:
        pass


@pytest.fixture(scope="module")
def best() -> dict[str, float]:
    """Filled by `made` with the best reachable scores of the sample."""
    return {}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, best: dict[str, float]) -> dict[str, Any]:
    """Run the case's own graph on a sample of 1,500 districts with fewer epochs than the default, all in memory."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample = load_case("boston").write_sample
    assert write_sample is not None
    best |= write_sample({"rows": 1_500, "seed": 1}, folder)["given"]
    parameters = resolve_case(
        "boston",
        yaml.safe_load(PARAMETERS.read_text())["boston"],
        {"training": {"epochs": 40}, "split": {"promotion_share": 0.0}},
    )
    raw = DeclaredTable("boston", filepath=str(folder / "boston_housing.npz")).load()
    catalog = DataCatalog(
        {f"params:boston.{name}": MemoryDataset(value) for name, value in name_blocks(parameters)}
        | {f"boston.{name}": Kept(copy_mode="assign") for name in WANTED}
        | {
            "boston.raw_houses": MemoryDataset(raw),
            "boston.training_callbacks": MemoryDataset([]),
            "boston.training_session": MemoryDataset([]),
        }
        | {"boston.reference_model": MemoryDataset(copy_mode="assign"), "boston.network": Kept(copy_mode="assign")}
    )
    graph = load_case("boston").create_pipeline()
    SequentialRunner().run(graph.to_outputs(*(f"boston.{name}" for name in WANTED)), catalog)
    return {name: catalog.load(f"boston.{name}") for name in WANTED}


@pytest.fixture(scope="module")
def model(made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RowModel:
    """The model as it lies in a store."""
    return RowModel.load(write_package(made["model"], "boston", tmp_path_factory.mktemp("model")).parts)


def test_the_default_comes_near_the_best_reachable_errors(made: dict[str, Any], best: dict[str, float]) -> None:
    scores = made["test_metrics"]
    assert best["mse"] * 0.8 < scores["test/mse"] < best["mse"] * 1.4
    assert best["mae"] * 0.85 < scores["test/mae"] < best["mae"] * 1.25
    assert scores["test/mse"] < 0.2 * scores["baseline/mse"]


def test_the_default_network_never_sees_column_b(made: dict[str, Any], model: RowModel) -> None:
    assert [column.name for column in made["preprocessor"].columns] == [name for name in INPUTS if name != "B"]
    assert "B" not in made["model"].example
    rows = made["joined_rows"][INPUTS].head(50)
    pd.testing.assert_frame_equal(model.predict(rows.assign(B=0.5)), model.predict(rows.drop(columns="B")))


def test_the_model_of_raw_rows_says_what_the_evaluation_says(made: dict[str, Any], model: RowModel) -> None:
    rows = made["joined_rows"]
    found = model.predict(rows.loc[rows["part"] == "test", INPUTS])
    np.testing.assert_allclose(found["prediction"], made["test_predictions"]["prediction"], rtol=1e-5)
    np.testing.assert_array_equal(made["test_predictions"]["actual"], rows.loc[found.index, "MEDV"].astype("float32"))


def test_a_single_row_of_texts_is_predicted_as_among_the_others(made: dict[str, Any], model: RowModel) -> None:
    rows = made["joined_rows"][INPUTS]
    one = model.predict(rows.iloc[[7]].astype(str))
    pd.testing.assert_frame_equal(one, model.predict(rows).iloc[[7]], rtol=1e-5)


def test_a_request_without_a_column_or_with_a_wrong_value_is_refused(made: dict[str, Any], model: RowModel) -> None:
    row = made["joined_rows"][INPUTS].head(1)
    with pytest.raises(InvalidTableError, match="a row of boston lacks the column RM; it has CRIM, ZN"):
        model.predict(row.drop(columns="RM"))
    with pytest.raises(InvalidTableError, match="a row of boston, column AGE: 'old' is not a number"):
        model.predict(row.assign(AGE="old"))
