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
from casebook.datasets.training_session import TrainingSession
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import write_package

PARAMETERS = Path(__file__).parents[3] / "conf" / "base" / "attrition" / "parameters.yml"
WANTED = ("test_predictions", "test_metrics", "split_metrics", "split_assignment", "joined_rows", "model")
RAW_ROW = [
    "satisfaction_level", "last_evaluation", "number_project", "average_montly_hours", "time_spend_company",
    "Work_accident", "promotion_last_5years", "department", "salary",
]  # fmt: skip
# The employee of the published text.
EMPLOYEE = dict(zip(RAW_ROW, [0.26, 0.7, 3, 238, 6, 0, 0, "support", "medium"], strict=True))


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
    """Run the graph on a sample of 4,000 employees: one network of fewer epochs beside the trees, all in memory."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample = load_case("attrition").write_sample
    assert write_sample is not None
    best |= write_sample({"employees": 4_000, "seed": 1}, folder)["row"]
    tree = yaml.safe_load(PARAMETERS.read_text())["attrition"]
    parameters = resolve_case("attrition", tree, {"training": {"epochs": 20, "ensemble": {"networks": 1}}})
    raw = DeclaredTable("attrition", filepath=str(folder / "HR_comma_sep.csv")).load()
    catalog = DataCatalog(
        {f"params:attrition.{name}": MemoryDataset(value) for name, value in name_blocks(parameters)}
        | {f"attrition.{name}": Kept(copy_mode="assign") for name in WANTED}
        | {
            "attrition.raw_employees": MemoryDataset(raw),
            "attrition.training_callbacks": MemoryDataset([]),
            "attrition.training_session": MemoryDataset(
                TrainingSession("", folder / "search.json"), copy_mode="assign"
            ),
        }
        | {"attrition.reference_model": MemoryDataset(copy_mode="assign")}
        | {"attrition.network": Kept(copy_mode="assign")}
    )
    graph = load_case("attrition").create_pipeline()
    SequentialRunner().run(graph.to_outputs(*(f"attrition.{name}" for name in WANTED)), catalog)
    return {name: catalog.load(f"attrition.{name}") for name in WANTED}


@pytest.fixture(scope="module")
def model(made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RowModel:
    """The model as it lies in a store."""
    return RowModel.load(write_package(made["model"], "attrition", tmp_path_factory.mktemp("model")).parts)


def test_the_default_comes_near_the_best_reachable_accuracy(made: dict[str, Any], best: dict[str, float]) -> None:
    scores = made["test_metrics"]
    # 800 test rows: a point is two standard deviations of what chance does to the best.
    assert best["accuracy"] - 0.03 <= scores["test/accuracy"] <= best["accuracy"] + 0.01
    assert scores["test/accuracy"] >= scores["baseline/accuracy"] + 0.15
    assert scores["test/auc"] >= 0.94


def test_no_copy_of_a_training_row_is_among_the_test_rows_of_the_default(made: dict[str, Any]) -> None:
    rows, part = made["joined_rows"], made["split_assignment"]["part"].to_numpy()
    assert made["split_metrics"]["test/seen_row_share"] == 0
    seen = pd.concat([rows[part == 4].drop_duplicates(), rows[part != 4].drop_duplicates()])
    assert not seen.duplicated().any()
    assert rows.duplicated().sum() == 802


def test_the_model_of_raw_rows_says_what_the_evaluation_says(made: dict[str, Any], model: RowModel) -> None:
    test = (made["split_assignment"]["part"] == 4).to_numpy()
    found = model.predict(made["joined_rows"].drop(columns="left"))
    expected = made["test_predictions"]["probability"].to_numpy()
    np.testing.assert_allclose(found["probability"][test], expected, atol=1e-6)
    assert (found["class"] == (found["probability"] >= 0.5)).all()


def test_a_request_is_a_single_row_of_texts_or_numbers(model: RowModel) -> None:
    numbers = model.predict(pd.DataFrame([EMPLOYEE]))["probability"].item()
    texts = model.predict(pd.DataFrame([{name: str(value) for name, value in EMPLOYEE.items()}]))
    assert numbers == pytest.approx(texts["probability"].item())


def test_the_default_knows_who_leaves_and_who_stays(model: RowModel) -> None:
    worn = {**EMPLOYEE, "satisfaction_level": 0.1, "last_evaluation": 0.87, "number_project": 6,
            "average_montly_hours": 280, "time_spend_company": 4}  # fmt: skip
    settled = {**EMPLOYEE, "satisfaction_level": 0.75, "average_montly_hours": 180, "time_spend_company": 3}
    found = model.predict(pd.DataFrame([worn, settled]))
    assert found["class"].tolist() == [1, 0]
    assert found["probability"][0] > 0.9
    assert found["probability"][1] < 0.1


def test_a_request_without_a_column_or_with_a_wrong_value_is_refused(model: RowModel) -> None:
    row = pd.DataFrame([EMPLOYEE])
    with pytest.raises(
        InvalidTableError, match="a row of attrition lacks the column salary; it has satisfaction_level, last_eval"
    ):
        model.predict(row.drop(columns="salary"))
    with pytest.raises(InvalidTableError, match="row of attrition, column number_project: 'few' is not a whole"):
        model.predict(row.assign(number_project="few"))
