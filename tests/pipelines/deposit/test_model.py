"""The networks on a sample, with the call's duration and without, and their models of raw rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.declared_fixtures import name_blocks

from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.loader import read_case
from casebook.config.resolve import resolve_case
from casebook.datasets import DeclaredTable
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import write_package
from casebook.synthetic_data import deposit

if TYPE_CHECKING:
    from pathlib import Path

WANTED = (
    "test_predictions",
    "test_metrics",
    "split_metrics",
    "train_arrays",
    "split_assignment",
    "joined_rows",
    "model",
)
CLIENT = dict(
    zip(
        [name for name in deposit.COLUMNS if name != "deposit"],
        [59, "admin.", "married", "secondary", "no", 2343, "yes", "no", "unknown", 5, "may", 1042, 1, -1, 0, "unknown"],
        strict=True,
    )
)


# Counts of rows are told of a split that holds nothing back for promotion.
NOTHING_BACK = {"promotion_share": 0.0}


class Kept(MemoryDataset):
    """Keeps its data when the runner lets go of it."""

    def _release(self) -> None:
        pass


@pytest.fixture(scope="module")
def sample() -> deposit.Sample:
    return deposit.generate_sample(clients=5_000, seed=1)


def run_variant(sample: deposit.Sample, folder: Path, variant: str, epochs: int) -> dict[str, Any]:
    """Run the case's own graph on a sample with fewer epochs than the variant has, all in memory."""
    deposit.write_sample(sample, folder)
    tree = read_case("deposit", "base")
    parameters = resolve_case(
        "deposit", tree, {"variant": variant, "training": {"epochs": epochs}, "split": NOTHING_BACK}
    )
    raw = DeclaredTable("deposit", filepath=str(folder / "bank.csv")).load()
    catalog = DataCatalog(
        {f"params:deposit.{name}": MemoryDataset(value) for name, value in name_blocks(parameters)}
        | {f"deposit.{name}": Kept(copy_mode="assign") for name in WANTED}
        | {
            "deposit.raw_clients": MemoryDataset(raw),
            "deposit.training_callbacks": MemoryDataset([]),
            "deposit.training_session": MemoryDataset([]),
        }
        | {"deposit.reference_model": MemoryDataset(copy_mode="assign")}
        | {"deposit.network": Kept(copy_mode="assign")}
    )
    graph = load_case("deposit").create_pipeline()
    SequentialRunner().run(graph.to_outputs(*(f"deposit.{name}" for name in WANTED)), catalog)
    return {name: catalog.load(f"deposit.{name}") for name in WANTED}


@pytest.fixture(scope="module")
def default(sample: deposit.Sample, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_variant(sample, tmp_path_factory.mktemp("default"), "default", 12)


@pytest.fixture(scope="module")
def published(sample: deposit.Sample, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_variant(sample, tmp_path_factory.mktemp("published"), "30_units", 15)


def open_model(made: dict[str, Any], folder: Path) -> RowModel:
    """Open a model as it lies in a store."""
    return RowModel.load(write_package(made["model"], "deposit", folder).parts)


def test_the_default_comes_near_the_best_that_can_be_reached_without_the_duration(
    default: dict[str, Any], sample: deposit.Sample
) -> None:
    scores, best = default["test_metrics"], deposit.best_reachable(sample)["row"]
    # 500 test rows: four points are two standard deviations of what chance does to both.
    assert best["accuracy"] - 0.06 <= scores["test/accuracy"] <= best["accuracy"] + 0.04
    assert scores["test/auc"] >= 0.7


def test_with_the_duration_the_published_network_is_far_better_than_anything_can_be_without(
    published: dict[str, Any], sample: deposit.Sample
) -> None:
    scores, best = published["test_metrics"], deposit.score_probability(sample.probability)
    assert best["accuracy"] - 0.06 <= scores["test/accuracy"] <= best["accuracy"] + 0.04
    assert scores["test/accuracy"] >= deposit.best_reachable(sample)["row"]["accuracy"] + 0.05


def test_the_split_is_80_10_10(published: dict[str, Any], default: dict[str, Any]) -> None:
    rows = [default["split_metrics"][f"data/{part}_rows"] for part in ("train", "validation", "test")]
    assert (
        rows
        == [4_000, 500, 500]
        == [published["split_metrics"][f"data/{part}_rows"] for part in ("train", "validation", "test")]
    )


def test_the_duration_alone_distinguishes_what_the_networks_see(
    published: dict[str, Any], default: dict[str, Any]
) -> None:
    # 7 numbers and, of the sample's categories, one feature each: 12 + 3 + 4 + 2 + 2 + 2 + 3 + 12 + 4.
    assert published["split_metrics"]["data/features"] == 7 + 44
    assert "duration" in published["model"].example
    assert "duration" not in default["model"].example


@pytest.mark.parametrize("variant", ["default", "published"])
def test_the_model_of_raw_rows_says_what_the_evaluation_says(
    request: pytest.FixtureRequest, tmp_path: Path, variant: str
) -> None:
    made = request.getfixturevalue(variant)
    test = (made["split_assignment"]["part"] == 4).to_numpy()
    rows = made["joined_rows"].drop(columns=["deposit", *(["duration"] if variant == "default" else [])])
    found = open_model(made, tmp_path).predict(rows)
    np.testing.assert_allclose(found["probability"][test], made["test_predictions"]["probability"], atol=1e-6)
    assert found["class"].cat.categories.tolist() == ["no", "yes"]
    assert ((found["class"] == "yes") == (found["probability"] >= 0.5)).all()


def test_the_default_answers_the_same_whatever_the_duration(default: dict[str, Any], tmp_path: Path) -> None:
    model = open_model(default, tmp_path)
    given = [model.predict(pd.DataFrame([{**CLIENT, "duration": seconds}])) for seconds in (2, 3_000)]
    without = model.predict(pd.DataFrame([CLIENT]).drop(columns="duration"))
    assert given[0]["probability"].item() == given[1]["probability"].item() == without["probability"].item()


def test_the_published_model_believes_in_long_calls_and_needs_to_know_them(
    published: dict[str, Any], tmp_path: Path
) -> None:
    model = open_model(published, tmp_path)
    short, long = (model.predict(pd.DataFrame([{**CLIENT, "duration": seconds}])) for seconds in (20, 1_500))
    assert short["probability"].item() < 0.1 < 0.7 < long["probability"].item()
    with pytest.raises(InvalidTableError, match="a row of deposit lacks the column duration; it has age, job"):
        model.predict(pd.DataFrame([CLIENT]).drop(columns="duration"))


def test_a_request_with_a_wrong_value_is_refused(published: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidTableError, match="a row of deposit, column balance: 'much' is not a number"):
        open_model(published, tmp_path).predict(pd.DataFrame([{**CLIENT, "balance": "much"}]))
