"""A declared case with lags: the model looks back at what it has kept, and no row sees its future."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.cases.toy_case import run_declared

from casebook.batch_scoring.raw_block import RawBlock, stack_blocks
from casebook.column_types.parsing import InvalidTableError
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.inference.row_model import RowModel, to_raw_values
from casebook.model_registry.model_package import write_package

if TYPE_CHECKING:
    from pathlib import Path

WANTED = ("feature_table", "test_metrics", "model", "joined_rows", "test_predictions", "split_assignment", "importance",
          "promotion_rows", "row_schema")  # fmt: skip
FEATURES: dict[str, Any] = {
    "sales_before": {"function": "lag", "of": ["sales"]},
    "price_two_before": {"function": "lag", "of": ["price"], "options": {"steps": 2}},
}
TREE: dict[str, Any] = {
    "task": "regression",
    "target": "sales",
    "data": {
        "tables": {"rows": {"file": "rows.csv"}},
        "columns": {"day": {"role": "time", "type": "date"}, "store": {"role": "group"}},
        "features": FEATURES,
    },
    "split": {"strategy": "time", "test_days": 20, "validation_days": 10},
    "training": {"epochs": 20, "batch_size": 32, "network": {"ensemble_size": 1}},
    "reference": {"max_iter": 20},
    "evaluation": {"importance_repeats": 1},
}


def make_rows() -> pd.DataFrame:
    """Make five stores of 120 days whose sales are nearly those of the day before, in no order."""
    rng = np.random.default_rng(8)
    walks = np.cumsum(rng.normal(size=(120, 5)), axis=0)
    days = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d")
    rows = pd.DataFrame(
        {"store": np.tile(range(5), 120), "day": np.repeat(days, 5), "price": rng.integers(1, 9, 600),
         "sales": walks.reshape(-1).round(4)}
    )  # fmt: skip
    return rows.sample(frac=1, random_state=1, ignore_index=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_declared(tmp_path_factory.mktemp("raw"), "walks", TREE, make_rows(), WANTED)


@pytest.fixture(scope="module")
def model(made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RowModel:
    return RowModel.load(write_package(made["model"], "walks", tmp_path_factory.mktemp("model")).parts)


def test_the_features_are_the_shifts_of_pandas_and_tell_what_nothing_else_does(made: dict[str, Any]) -> None:
    rows, features = made["joined_rows"], made["feature_table"]
    by_store = rows.sort_values("day").groupby("store", observed=True)
    for name, column, steps in (("sales_before", "sales", 1), ("price_two_before", "price", 2)):
        expected = by_store[column].shift(steps).reindex(rows.index)
        np.testing.assert_array_equal(features[name], expected)
    scores = made["test_metrics"]
    assert scores["test/mae"] < 0.6 * scores["baseline/mae"]
    assert set(made["importance"]["raw_column"]) == {"day", "store", "price"}


def test_the_model_answers_raw_rows_as_the_run_did(made: dict[str, Any], model: RowModel) -> None:
    raw = to_raw_values(made["joined_rows"].drop(columns="sales"))
    assert set(model.columns) - model.optional == {"day", "store", "price"}
    assert model.looks_back
    test = (made["split_assignment"]["part"] == 4).to_numpy()
    expected = made["test_predictions"]["prediction"]
    np.testing.assert_allclose(model.predict(raw)["prediction"][test], expected, atol=1e-4)
    some = raw[test].head(5)
    alone = [model.predict(some.iloc[[place]])["prediction"].iloc[0] for place in range(5)]
    np.testing.assert_allclose(alone, expected.head(5), atol=1e-4)
    held_back = made["promotion_rows"]
    whole = model.predict(raw)["prediction"].to_numpy()
    places = pd.Index(raw[["day", "store"]].astype(str).agg(" ".join, axis=1)).get_indexer(
        held_back[["day", "store"]].astype(str).agg(" ".join, axis=1)
    )
    np.testing.assert_allclose(model.predict(held_back.drop(columns="sales"))["prediction"], whole[places], atol=1e-4)


def test_the_next_day_looks_back_at_the_last_that_was_known(made: dict[str, Any], model: RowModel) -> None:
    row = pd.DataFrame({"day": ["2024-04-30"], "store": ["3"], "price": [4]})
    typed = model.schema.engineer_features(row.assign(day=pd.to_datetime(row["day"])))  # type: ignore[union-attr]
    rows = made["joined_rows"]
    of_store = rows[rows["store"] == "3"].sort_values("day")
    assert typed["sales_before"].tolist() == of_store["sales"].tail(1).tolist()
    assert typed["price_two_before"].tolist() == of_store["price"].tail(2).head(1).tolist()
    assert np.isfinite(model.predict(row)["prediction"]).all()


def test_a_file_is_looked_at_whole() -> None:
    blocks = [RawBlock(pd.DataFrame({"x": [1, 2]}), np.array([0, 2]), [(1, "cut")]),
              RawBlock(pd.DataFrame({"x": [3]}), np.array([3]))]  # fmt: skip
    whole = stack_blocks(blocks)
    assert whole.rows["x"].tolist() == [1, 2, 3]
    assert (whole.numbers.tolist(), whole.broken) == ([0, 2, 3], [(1, "cut")])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"split": {"strategy": "row"}},
         "walks.data.features.sales_before: a lag of the target tells a row the targets of others, test rows among"),
        ({"folds": {"count": 3}}, "a fold sets validation rows apart at random: give folds.count 0"),
        ({"study": {"folds": 3}}, "a fold sets validation rows apart at random: give study.folds 0"),
        ({"data": {**TREE["data"], "columns": {}}, "split": {}}, "a lag needs a column of the role time"),
        ({"data": {**TREE["data"], "features": {"x": {"function": "lag", "of": ["price"], "options": {"steps": 0}}}}},
         "walks.data.features.x.options.steps = 0: must be a whole number of at least 1"),
        ({"data": {**TREE["data"], "features": {"x": {"function": "lag", "of": ["price", "sales"]}}}},
         "a lag takes one column, and steps as its one option"),
    ],
)  # fmt: skip
def test_a_lag_that_would_tell_too_much_or_nothing_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidParametersError, match=told):
        resolve_case("walks", {**TREE, **changes}, {})


def test_a_lag_of_a_feature_goes_with_any_split() -> None:
    lags = {**TREE["data"], "features": {"x": {"function": "lag", "of": ["price"]}}}
    assert resolve_case("walks", {**TREE, "data": lags, "split": {"strategy": "row"}, "folds": {"count": 3}}, {})


@pytest.mark.parametrize(("of", "told"), [("store", "a lag takes a column of numbers, and store is category"),
                                          ("prise", "did you mean price")])  # fmt: skip
def test_a_lag_of_no_numbers_is_refused(tmp_path: Path, of: str, told: str) -> None:
    tree = {**TREE, "data": {**TREE["data"], "features": {"x": {"function": "lag", "of": [of]}}}}
    with pytest.raises(InvalidTableError, match=told):
        run_declared(tmp_path, "walks", tree, make_rows(), ["feature_table"])
