"""The networks of a sample of stores and their models of raw rows, those of the published variants untrained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.declared_fixtures import name_blocks
from tests.serving.form import check_form, make_champion, to_records

from casebook.cases.declared import read_declaration
from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.config.schema import NetworkParameters
from casebook.data.splitting import TEST
from casebook.datasets import RawTable
from casebook.evaluation.permutation_importance import permute_raw_columns
from casebook.inference.row_model import RowModel, to_raw_values
from casebook.model_registry.model_package import Package, write_package
from casebook.models.networks import build_network
from casebook.synthetic_data import rossmann

if TYPE_CHECKING:
    from pathlib import Path

TREE = read_case("rossmann", "base")
RAW_ROW = [name for name in read_declaration("rossmann").data.columns if name != "Sales"]
VARIANTS = ("default", *sorted(TREE["variants"], key=lambda name: (name[0].isdigit(), name)))
PREPARED = ("preprocessor", "example_rows", "joined_rows", "split_assignment", "test_arrays", "row_schema")
EVALUATED = ("network", "test_predictions", "test_metrics", "importance", "model", "training_profile")
# On 60 days a test of 42 would leave little to learn from.
SPLIT = {"test_days": 21, "validation_days": 7}


class Kept(MemoryDataset):
    """Keeps its data when the runner lets go of it."""

    def _release(self) -> None:
        pass


@pytest.fixture(scope="module")
def sample() -> rossmann.Sample:
    return rossmann.generate_sample(stores=20, days=400, seed=1)


@pytest.fixture(scope="module")
def files(sample: rossmann.Sample, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("rossmann")
    rossmann.write_sample(sample, folder)
    return {name: RawTable(str(folder / file)).load() for name, file in
            (("raw_days", "train.csv"), ("raw_stores", "store.csv"))}  # fmt: skip


def run_graph(files: dict[str, pd.DataFrame], wanted: tuple[str, ...], **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Run the case's own graph up to what is wanted, all in memory."""
    parameters = resolve_case("rossmann", TREE, given)
    catalog = DataCatalog(
        {f"params:rossmann.{name}": MemoryDataset(value) for name, value in name_blocks(parameters)}
        | {f"rossmann.{name}": MemoryDataset(table) for name, table in files.items()}
        | {f"rossmann.{name}": Kept(copy_mode="assign") for name in ("network", *wanted)}
        | {"rossmann.reference_model": MemoryDataset(copy_mode="assign")}
        | {"rossmann.training_callbacks": MemoryDataset([]), "rossmann.training_session": MemoryDataset([])}
    )
    graph = load_case("rossmann").create_pipeline()
    SequentialRunner().run(graph.to_outputs(*(f"rossmann.{name}" for name in wanted)), catalog)
    found = {name: catalog.load(f"rossmann.{name}") for name in wanted}
    return {**found, "training": parameters["training"]}


@pytest.fixture(scope="module")
def prepared(files: dict[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Of each variant what comes before training."""
    return {variant: run_graph(files, PREPARED, variant=variant, split=SPLIT) for variant in VARIANTS}


def open_untrained(made: dict[str, Any], folder: Path) -> RowModel:
    """Open a variant's model, with the network as it is before training, as it lies in a store."""
    network = build_network(made["preprocessor"], NetworkParameters.model_validate(made["training"]["network"]))
    package = Package(network, made["preprocessor"], "regression", 0.5, made["example_rows"], made["row_schema"])
    return RowModel.load(write_package(package, "rossmann", folder).parts)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_model_of_each_variant_predicts_its_own_input_example_as_it_does_the_whole_rows(
    prepared: dict[str, dict[str, Any]], tmp_path: Path, variant: str
) -> None:
    made = prepared[variant]
    model = open_untrained(made, tmp_path)
    found = model.predict(made["example_rows"])
    assert len(found) == 5
    assert np.isfinite(found["prediction"]).all()
    whole = made["joined_rows"].drop(columns="Sales").head(5)
    pd.testing.assert_frame_equal(found, model.predict(whole))


@pytest.mark.parametrize(
    ("variant", "unused"),
    [
        ("default", {"Customers"}),
        ("row_customers", set()),
        *[
            (
                variant,
                {
                    "CompetitionOpenSinceMonth", "CompetitionOpenSinceYear", "Promo2SinceWeek", "Promo2SinceYear",
                    "PromoInterval",
                },
            )
            for variant in VARIANTS[2:]
        ],
    ],
)  # fmt: skip
def test_a_model_needs_the_raw_columns_that_its_features_are_made_of(
    prepared: dict[str, dict[str, Any]], tmp_path: Path, variant: str, unused: set[str]
) -> None:
    model = open_untrained(prepared[variant], tmp_path)
    assert model.optional == unused
    example = prepared[variant]["example_rows"]
    assert example.columns.tolist() == [name for name in RAW_ROW if name not in unused]
    for name in example:
        with pytest.raises(InvalidTableError, match=f"a row of rossmann lacks the column {name}; it has"):
            model.predict(example.drop(columns=name))


def test_a_leak_is_closed_by_raw_column_for_every_feature_that_is_made_of_it() -> None:
    closed = resolve_case("rossmann", TREE, {})
    assert closed["leaks"] == {"Customers": "drop"}
    for feature in ("customers", "customers_log"):
        with pytest.raises(InvalidParametersError) as caught:
            resolve_case("rossmann", TREE, {"leaks": {feature: "drop"}})
        assert str(caught.value).startswith(f"rossmann.leaks: {feature} is a feature, and leaks are named by raw col")
        assert "give Customers; there are Assortment, CompetitionDistance," in str(caught.value)


def test_a_further_feature_of_a_leaking_column_does_not_leak(files: dict[str, pd.DataFrame]) -> None:
    columns = ["customers", "store_weekday", "promo", "customers_log", "store_quarter"]
    for leaks, expected in (
        ({"Customers": "drop"}, ["store_weekday", "promo", "store_quarter"]),
        ({"Customers": "drop", "StateHoliday": "drop"}, ["promo", "store_quarter"]),
    ):
        given = {"columns": columns, "encoding": {}, "nearest_lower_within": {}}
        made = run_graph(files, ("preprocessor",), split=SPLIT, leaks=leaks, preprocessing=given)
        assert made["preprocessor"].column_names == expected


def test_rows_in_their_own_order_are_prepared_again_as_they_were(prepared: dict[str, dict[str, Any]]) -> None:
    made = prepared["default"]
    rows = made["joined_rows"][(made["split_assignment"]["part"] & TEST > 0).to_numpy()]
    arrays = {name: values for name, values in made["test_arrays"].items() if name != "target"}
    schema = made["row_schema"]
    permuted = permute_raw_columns(arrays, rows, made["preprocessor"], schema.sources, schema.engineer_features)
    assert set(permuted) == set(RAW_ROW) - {"Customers"}
    for permute in permuted.values():
        for name, block in permute(np.arange(len(rows))).items():
            np.testing.assert_array_equal(block, arrays[name])


def test_a_permuted_store_moves_all_features_that_it_enters_and_no_others(prepared: dict[str, dict[str, Any]]) -> None:
    made = prepared["default"]
    rows = made["joined_rows"][(made["split_assignment"]["part"] & TEST > 0).to_numpy()]
    arrays, preprocessor, schema = made["test_arrays"], made["preprocessor"], made["row_schema"]
    permuted = permute_raw_columns(arrays, rows, preprocessor, schema.sources, schema.engineer_features)
    found = permuted["Store"](np.arange(len(rows))[::-1])
    moved = {
        name for name, (block, place) in preprocessor.positions.items()
        if (found[block][:, place] != arrays[block][:, place]).any()
    }  # fmt: skip
    assert moved == {"store", "store_weekday", "store_weekday_promo", "store_quarter"}


@pytest.fixture(scope="module")
def default(files: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """The default trained for longer, on fewer rows than it is made for."""
    return run_graph(
        files,
        (*EVALUATED, "joined_rows", "split_assignment"),
        split={**SPLIT, "promotion_share": 0},
        training={"epochs": 10, "batch_size": 128, "refit": False},
        reference={"max_iter": 5, "max_leaf_nodes": 15, "refit": False},
        evaluation={"importance_rows": 200, "importance_repeats": 1},
    )


def test_the_default_comes_near_the_best_that_can_be_reached(default: dict[str, Any], sample: rossmann.Sample) -> None:
    best, scores = rossmann.best_reachable(sample)["time"], default["test_metrics"]
    assert 0.7 * best["rmspe"] <= scores["test/rmspe"] <= 2 * best["rmspe"] < scores["baseline/rmspe"]


def test_the_model_of_raw_rows_says_what_the_evaluation_says(default: dict[str, Any], tmp_path: Path) -> None:
    model = RowModel.load(write_package(default["model"], "rossmann", tmp_path).parts)
    test = (default["split_assignment"]["part"] == TEST).to_numpy()
    rows = default["joined_rows"][test].drop(columns=["Sales", "Customers"])
    np.testing.assert_allclose(model.predict(rows)["prediction"], default["test_predictions"]["prediction"], rtol=1e-5)


def test_the_form_answers_what_the_model_predicts_and_its_changes_move_it(
    default: dict[str, Any], tmp_path: Path
) -> None:
    model = RowModel.load(write_package(default["model"], "rossmann", tmp_path).parts)
    rows = default["joined_rows"].drop(columns=["Sales", "Customers"])
    open_days = to_raw_values(rows[rows["Open"].astype(bool)].iloc[::1500])
    champion = make_champion("rossmann", model, default["training_profile"])
    assert check_form(champion, to_records(open_days)) >= len(open_days) >= 4


def test_every_raw_column_is_ranked_with_all_features_that_it_enters(default: dict[str, Any]) -> None:
    importance = default["importance"].set_index("raw_column")["drop_mean"]
    assert set(importance.index) == set(RAW_ROW) - {"Customers"}
    # Promotions and the day of the week move sales by tens of per cent, and stores differ.
    assert set(importance.nlargest(5).index) >= {"Store", "Promo", "Open"}
