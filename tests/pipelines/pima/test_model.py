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
from tests.serving.form import check_form, make_champion, to_records

from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.resolve import resolve_case
from casebook.datasets import DeclaredTable
from casebook.inference.row_model import RowModel, to_raw_values
from casebook.model_registry.model_package import write_package

PARAMETERS = Path(__file__).parents[3] / "conf" / "base" / "pima" / "parameters.yml"
RAW_ROW = ["pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age"]
WANTED = ("test_predictions", "test_metrics", "fit_metrics", "split_assignment", "joined_rows", "model",
          "training_profile")  # fmt: skip


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
    """Run the case's own graph on a sample of 2,000 patients with fewer epochs than the default, all in memory."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample = load_case("pima").write_sample
    assert write_sample is not None
    best |= write_sample({"rows": 2_000, "seed": 1}, folder)["row"]
    parameters = resolve_case("pima", yaml.safe_load(PARAMETERS.read_text())["pima"], {"training": {"epochs": 25}})
    raw = DeclaredTable("pima", filepath=str(folder / "pima-indians-diabetes.csv")).load()
    catalog = DataCatalog(
        {f"params:pima.{name}": MemoryDataset(value) for name, value in name_blocks(parameters)}
        | {f"pima.{name}": Kept(copy_mode="assign") for name in WANTED}
        | {
            "pima.raw_patients": MemoryDataset(raw),
            "pima.training_callbacks": MemoryDataset([]),
            "pima.training_session": MemoryDataset([]),
        }
        | {"pima.reference_model": MemoryDataset(copy_mode="assign"), "pima.network": Kept(copy_mode="assign")}
    )
    graph = load_case("pima").create_pipeline()
    SequentialRunner().run(graph.to_outputs(*(f"pima.{name}" for name in WANTED)), catalog)
    return {name: catalog.load(f"pima.{name}") for name in WANTED}


@pytest.fixture(scope="module")
def model(made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RowModel:
    """The model as it lies in a store."""
    return RowModel.load(write_package(made["model"], "pima", tmp_path_factory.mktemp("model")).parts)


def test_the_default_comes_near_the_best_reachable_accuracy(made: dict[str, Any], best: dict[str, float]) -> None:
    scores = made["test_metrics"]
    # 400 test rows: two points are one standard deviation of what chance does to both.
    assert best["accuracy"] - 0.04 <= scores["test/accuracy"] <= best["accuracy"] + 0.06
    assert scores["test/accuracy"] >= scores["baseline/accuracy"] + 0.08
    assert scores["test/auc"] >= 0.83


def test_the_model_of_raw_rows_says_what_the_evaluation_says(made: dict[str, Any], model: RowModel) -> None:
    test = (made["split_assignment"]["part"] == 4).to_numpy()
    found = model.predict(made["joined_rows"].drop(columns="diabetes"))
    expected = made["test_predictions"]["probability"].to_numpy()
    np.testing.assert_allclose(found["probability"][test], expected, atol=1e-6)
    assert (found["class"] == (found["probability"] >= 0.5)).all()


def test_the_form_answers_what_the_model_predicts_and_its_changes_turn_the_class(
    made: dict[str, Any], model: RowModel
) -> None:
    champion = make_champion("pima", model, made["training_profile"])
    rows = to_records(to_raw_values(made["joined_rows"][RAW_ROW].head(15)))
    assert check_form(champion, rows) >= 15


def test_a_request_is_a_single_row_of_texts_or_numbers_and_its_zeros_are_missing_values(model: RowModel) -> None:
    row = dict(zip(RAW_ROW, [6, 148, 72, 35, 0, 33.6, 0.627, 50], strict=True))
    numbers = model.predict(pd.DataFrame([row]))["probability"].item()
    texts = model.predict(pd.DataFrame([{name: str(value) for name, value in row.items()}]))["probability"].item()
    assert numbers == pytest.approx(texts)
    unknown = model.predict(pd.DataFrame([{**row, "glucose": 0}]))["probability"].item()
    missing = model.predict(pd.DataFrame([{**row, "glucose": None}]))["probability"].item()
    low = model.predict(pd.DataFrame([{**row, "glucose": 60}]))["probability"].item()
    # A zero is the median, not the lowest of all.
    assert unknown == pytest.approx(missing)
    assert low < unknown - 0.1 < numbers


def test_a_request_without_a_column_or_with_a_wrong_value_is_refused(model: RowModel) -> None:
    row = pd.DataFrame([dict.fromkeys(RAW_ROW, 30)])
    with pytest.raises(InvalidTableError, match="a row of pima lacks the column bmi; it has pregnancies, glucose"):
        model.predict(row.drop(columns="bmi"))
    with pytest.raises(InvalidTableError, match="a row of pima, column age: 'old' is not a number"):
        model.predict(row.assign(age="old"))
