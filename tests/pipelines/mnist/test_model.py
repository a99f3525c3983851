"""A small network on a sample: that it learns, and that the model of raw rows says what the evaluation says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.serving.form import check_form, make_champion, to_records

from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.resolve import resolve_case
from casebook.datasets import RawArrays
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import write_package
from casebook.pipelines.mnist import create_pipeline

PARAMETERS = Path(__file__).parents[3] / "conf" / "base" / "mnist" / "parameters.yml"
SMALL = {
    # Counts of rows are told of a split that holds nothing back for promotion.
    "split": {"promotion_share": 0.0},
    "training": {
        "epochs": 6,
        "batch_size": 64,
        "optimizer": {"learning_rate": 0.01},
        "network": {
            "hidden": [32],
            "convolutions": [{"filters": 8, "kernel": 5, "pool": 4}],
            "augment": {"rotate": 0.0},
        },
    },
    "reference": {"max_rows": 500, "max_iter": 30},
}
WANTED = (
    "test_predictions",
    "test_metrics",
    "split_assignment",
    "joined_rows",
    "model",
    "own_tables",
    "digits_profile_tables",
)


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
    """Run the case's own graph on a small sample, all in memory."""
    folder = tmp_path_factory.mktemp("sample")
    best |= load_case("mnist").write_sample({"train": 1_500, "test": 300, "seed": 1}, folder)["given"]
    parameters = resolve_case("mnist", yaml.safe_load(PARAMETERS.read_text())["mnist"], SMALL)
    catalog = DataCatalog(
        {f"params:mnist.{name}": MemoryDataset(value) for name, value in parameters.items()}
        | {f"mnist.{name}": Kept(copy_mode="assign") for name in WANTED}
        | {"mnist.raw_digits": MemoryDataset(RawArrays(str(folder / "mnist.npz")).load())}
        | {"mnist.training_callbacks": MemoryDataset([]), "mnist.training_session": MemoryDataset([])}
        | {"mnist.reference_model": MemoryDataset(copy_mode="assign"), "mnist.network": Kept(copy_mode="assign")}
    )
    SequentialRunner().run(create_pipeline().to_outputs(*(f"mnist.{name}" for name in WANTED)), catalog)
    return {name: catalog.load(f"mnist.{name}") for name in WANTED}


@pytest.fixture(scope="module")
def model(made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RowModel:
    """The model as it lies in a store."""
    return RowModel.load(write_package(made["model"], "mnist", tmp_path_factory.mktemp("model")).parts)


def test_a_small_network_comes_near_the_best_reachable_accuracy_and_not_above(
    made: dict[str, Any], best: dict[str, float]
) -> None:
    scores = made["test_metrics"]
    assert best["accuracy"] - 0.06 <= scores["test/accuracy"] <= best["accuracy"]
    assert scores["baseline/accuracy"] < 0.13
    assert 0.7 < scores["reference/accuracy"] <= best["accuracy"]


def test_the_mistaken_digits_are_those_that_the_accuracy_leaves(made: dict[str, Any]) -> None:
    share = 1 - len(made["own_tables"]["mistaken_digits"]) / 300
    assert share == pytest.approx(made["test_metrics"]["test/accuracy"])
    assert made["digits_profile_tables"]["digit_counts"]["images"].sum() == 1_800


def test_validation_rows_come_from_the_training_part_alone(made: dict[str, Any]) -> None:
    parts, given = made["split_assignment"]["part"].to_numpy(), made["joined_rows"]["part"].to_numpy()
    assert {str(name): int((parts[given == name] == 4).sum()) for name in ("train", "test")} == {
        "train": 0,
        "test": 300,
    }
    assert np.bincount(parts).tolist() == [0, 1_350, 150, 0, 300]


def test_the_model_of_raw_rows_says_what_the_evaluation_says(made: dict[str, Any], model: RowModel) -> None:
    test = made["joined_rows"][(made["split_assignment"]["part"] == 4).to_numpy()]
    found = model.predict(test[["image"]])
    expected = made["test_predictions"]
    names = [f"probability_{digit}" for digit in range(10)]
    np.testing.assert_allclose(found[names], expected[names], atol=1e-5)
    np.testing.assert_array_equal(found["class"], expected[names].to_numpy().argmax(axis=1))


def test_the_form_answers_what_the_model_predicts(made: dict[str, Any], model: RowModel) -> None:
    rows = made["joined_rows"][["image"]].head(5)
    assert check_form(make_champion("mnist", model, {"typical": {"image": None}}), to_records(rows)) == 0


def test_a_request_may_hold_nested_lists(made: dict[str, Any], model: RowModel) -> None:
    image = made["joined_rows"]["image"].iloc[0]
    request = pd.DataFrame({"image": [image.tolist()]})
    as_array = model.predict(made["joined_rows"][["image"]].head(1))
    pd.testing.assert_frame_equal(model.predict(request), as_array)


def test_a_request_with_another_shape_or_value_is_refused(model: RowModel) -> None:
    with pytest.raises(InvalidTableError, match=r"column image: must be images of 28 x 28 numbers \(1 of 1 rows"):
        model.predict(pd.DataFrame({"image": [[[0] * 27] * 28]}))
    with pytest.raises(InvalidTableError, match=r"column image: '\[\[300, 300.* is not an image of rows of whole"):
        model.predict(pd.DataFrame({"image": [[[300] * 28] * 28]}))
    with pytest.raises(InvalidTableError, match="a row of mnist lacks the column image; it has picture"):
        model.predict(pd.DataFrame({"picture": [1]}))
