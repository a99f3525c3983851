"""A case declared in YAML alone, from raw files to the model: trained in memory, and its model answers with labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.declared_fixtures import name_blocks

from casebook.cases import declared
from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.resolve import resolve_case
from casebook.datasets import DeclaredTable, NewRowsFolder
from casebook.datasets.training_session import TrainingSession
from casebook.inference.row_model import RowModel
from casebook.model_registry.comparison import score_rows
from casebook.model_registry.model_package import bundle_sources, write_package
from casebook.tracking.mlflow_client import describe_rows

if TYPE_CHECKING:
    from pathlib import Path

WANTED = ("test_predictions", "test_metrics", "test_head", "joined_rows", "row_schema", "split_assignment", "model",
          "target_metrics", "training_profile")  # fmt: skip
TREE: dict[str, Any] = {
    "task": "multiclass",
    "target": "kind",
    "data": {
        "tables": {
            "rows": {"file": "rows.csv", "delimiter": ";", "decimal": ","},
            "shops": {"file": "shops.csv", "join_on": "shop", "prefix": "shop_", "unmatched": "missing"},
        },
        "columns": {
            "number": {"role": "key"},
            "weight": {"type": "number", "minimum": -9, "maximum": 9},
            "size": {"type": "ordinal", "order": ["S", "M", "L"]},
            "day": {"type": "date"},
            "fine": {"type": "boolean"},
            "paid": {"role": "leak"},
        },
    },
    "training": {"epochs": 30, "batch_size": 32},
    "reference": {"max_iter": 10},
}


class Kept(MemoryDataset):
    """Keeps its data when the runner lets go of it."""

    def _release(self) -> None:
        pass


def write_files(folder: Path) -> None:
    """Write 400 rows whose kind follows from weight and size, and shops of which one is missing."""
    rng = np.random.default_rng(1)
    weight, size = rng.normal(size=400).round(3), rng.integers(0, 3, 400)
    kind = np.array(["bird", "cat", "dog"])[np.digitize(weight + size - 1, [-0.7, 0.7])].astype(object)
    kind[[3, 50]] = None
    table = pd.DataFrame(
        {
            "number": np.arange(400), "weight": [str(value).replace(".", ",") for value in weight],
            "size": np.array(["S", "M", "L"])[size], "shop": rng.choice(["a", "b", "x"], 400),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, 400), unit="D"),
            "fine": rng.choice(["yes", "NO", "Yes"], 400), "paid": kind, "kind": kind,
        }
    )  # fmt: skip
    folder.mkdir(parents=True)
    table.to_csv(folder / "rows.csv", sep=";", index=False)
    pd.DataFrame({"shop": ["a", "b"], "area": [10.5, 20]}).to_csv(folder / "shops.csv", index=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401 - what the graph made, by name
    """Run the declared graph in memory."""
    folder = tmp_path_factory.mktemp("raw")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASEBOOK_RAW", str(folder))
        patch.setattr(declared, "_RESOLVED", {})
        write_files(folder / "toys")
        declared.keep_resolved({"toys": TREE})
        parameters = resolve_case("toys", TREE, {})
        declared.keep_resolved({"toys": parameters})
        raw = {f"toys.raw_{table}": DeclaredTable("toys", table).load() for table in ("rows", "shops")}
        catalog = DataCatalog(
            {f"params:toys.{name}": MemoryDataset(value) for name, value in name_blocks(parameters)}
            | {f"toys.{name}": Kept(copy_mode="assign") for name in (*WANTED, "network")}
            | {name: MemoryDataset(table) for name, table in raw.items()}
            | {
                "toys.training_callbacks": MemoryDataset([]),
                "toys.training_session": MemoryDataset(TrainingSession("", folder / "search.json"), copy_mode="assign"),
                "toys.reference_model": MemoryDataset(copy_mode="assign"),
            }
        )
        graph = load_case("toys").create_pipeline()
        SequentialRunner().run(graph.to_outputs(*(f"toys.{name}" for name in WANTED)), catalog)
        yield {name: catalog.load(f"toys.{name}") for name in WANTED}


@pytest.fixture(scope="module")
def model(made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RowModel:
    """The model as it lies in a store."""
    return RowModel.load(write_package(made["model"], "toys", tmp_path_factory.mktemp("model")).parts)


def test_it_learns_and_sets_rows_without_a_target_aside(made: dict[str, Any]) -> None:
    assert made["target_metrics"] == {"data/target_missing_rows": 2.0, "data/unmatched_rows": 0.0}
    assert len(made["joined_rows"]) == 398
    assert made["test_metrics"]["test/accuracy"] >= made["test_metrics"]["baseline/accuracy"] + 0.2


def test_leaks_and_keys_are_no_features_of_the_model(made: dict[str, Any], model: RowModel) -> None:
    assert made["row_schema"].classes == ("bird", "cat", "dog")
    used = set(model.columns) - model.optional
    assert used == {"weight", "size", "shop", "day", "fine", "shop_area"}
    assert model.optional == {"number", "paid"}


def test_answers_bear_the_labels_as_they_are_written(made: dict[str, Any], model: RowModel) -> None:
    rows = made["joined_rows"]
    found = model.predict(rows.drop(columns="kind"))
    assert found.columns.tolist() == ["probability_bird", "probability_cat", "probability_dog", "class"]
    assert found["class"].cat.categories.tolist() == ["bird", "cat", "dog"]
    test = (made["split_assignment"]["part"] == 4).to_numpy()
    np.testing.assert_allclose(
        found[["probability_bird", "probability_cat", "probability_dog"]][test],
        made["test_predictions"][["probability_0", "probability_1", "probability_2"]],
        atol=1e-6,
    )
    accuracy = score_rows("accuracy", rows["kind"].to_numpy()[test], found[test])(None)
    assert accuracy == pytest.approx(made["test_metrics"]["test/accuracy"])
    assert set(made["test_head"]["class"]) <= {"bird", "cat", "dog"}
    assert set(made["test_head"]["actual"]) <= {"bird", "cat", "dog"}
    assert {"probability_bird", "probability_cat"} <= made["training_profile"]["histograms"].keys()
    assert [column.name for column in describe_rows(made["model"]).outputs.inputs][-1] == "class"


@pytest.mark.parametrize("way", ["table", "plain"])
def test_spellings_of_the_same_row_are_answered_alike(model: RowModel, way: str) -> None:
    row = {"weight": 0.5, "size": "M", "shop": "a", "day": "2024-02-03", "fine": True, "shop_area": 10.5}
    spelled = {"weight": "0,5", "size": " M", "shop": "a ", "day": " 2024-2-3", "fine": "YES", "shop_area": "10.5"}
    if way == "table":
        one, other = (model.predict(pd.DataFrame([each])).iloc[0].tolist() for each in (row, spelled))
    else:
        answers = [model.predict_plain({name: [value] for name, value in each.items()}) for each in (row, spelled)]
        assert answers[0] is not None
        assert answers[1] is not None
        one, other = ([values[0] for values in answer.values()] for answer in answers)
        assert json.dumps([str(value) for value in one])
    assert one == other


def test_a_row_outside_the_order_or_without_a_column_is_refused(model: RowModel) -> None:
    row = pd.DataFrame([{"weight": 0.5, "size": "XL", "shop": "a", "day": None, "fine": True, "shop_area": None}])
    with pytest.raises(InvalidTableError, match="column size: 'XL' is not one of S, M, L"):
        model.predict(row)
    with pytest.raises(InvalidTableError, match="a row of toys lacks the column size"):
        model.predict(row.drop(columns="size"))


def test_a_number_outside_its_declared_range_is_refused_by_the_logged_model(model: RowModel) -> None:
    row = {"weight": "-9,5", "size": "M", "shop": "a", "day": None, "fine": True, "shop_area": None}
    with pytest.raises(InvalidTableError, match="column weight: '-9,5' is not a number from -9 to 9"):
        model.predict(pd.DataFrame([row]))
    # The table's way tells why.
    assert model.predict_plain({name: [value] for name, value in row.items()}) is None
    assert model.predict_plain({name: [value] for name, value in {**row, "weight": "-9,0"}.items()}) is not None


@pytest.mark.usefixtures("made")
def test_the_model_brings_no_code_of_a_case() -> None:
    assert not [place for place in bundle_sources("") if place.startswith("pipelines")]


def test_new_rows_are_read_and_joined_as_those_of_the_training(made: dict[str, Any], model: RowModel) -> None:
    (block,) = NewRowsFolder("toys").load().blocks()
    assert len(block.rows) == 400
    kept = np.flatnonzero(block.rows["kind"].notna())
    found = model.predict(block.rows.iloc[kept][[name for name in model.columns if name in block.rows]])
    expected = model.predict(made["joined_rows"].drop(columns="kind"))
    np.testing.assert_allclose(found["probability_cat"], expected["probability_cat"], atol=1e-7)
