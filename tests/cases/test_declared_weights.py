"""A declared case whose rows and classes weigh differently, from the file to scores and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from tests.cases.toy_case import run_declared

from casebook.column_types.parsing import InvalidTableError
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.evaluation.metrics import find_metric
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import write_package

if TYPE_CHECKING:
    from pathlib import Path

WANTED = ("test_predictions", "reference_predictions", "test_metrics", "model", "train_arrays", "test_arrays",
          "test_head", "fit_metrics", "promotion_rows", "importance", "split_assignment")  # fmt: skip
COLUMNS: dict[str, Any] = {
    "answer": {"type": "category", "classes": ["Yes", "No"]},
    "people": {"role": "weight"},
}
TREE: dict[str, Any] = {
    "task": "binary",
    "target": "answer",
    "data": {"tables": {"rows": {"file": "rows.csv"}}, "columns": COLUMNS},
    "training": {"epochs": 4, "batch_size": 64, "network": {"hidden": [8]}, "class_weights": {"No": 2}},
    "reference": {"max_iter": 5, "class_weights": "balanced"},
}


def make_rows(count: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    age, people = rng.normal(size=count).round(3), rng.integers(0, 9, count)
    answer = np.where(rng.random(count) < 1 / (1 + np.exp(-2 * age)), "No", "Yes")
    return pd.DataFrame({"age": age, "people": people, "answer": answer})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_declared(tmp_path_factory.mktemp("raw"), "polls", TREE, make_rows(), WANTED)


def test_all_scores_count_rows_by_their_weight(made: dict[str, Any]) -> None:
    scores, own, train = made["test_metrics"], made["test_predictions"], made["train_arrays"]
    weights = made["test_arrays"]["weight"].astype(float)
    assert own["weight"].tolist() == weights.tolist()
    actual = own["actual"].to_numpy()
    share = np.average(train["target"], weights=train["weight"])
    told = {"test": own["probability"], "reference": made["reference_predictions"]["probability"],
            "baseline": pd.Series(share, own.index)}  # fmt: skip
    for who, probability in told.items():
        for name in ("auc", "log_loss"):
            expected = find_metric(name).score(actual, probability.to_numpy(), weights)
            assert scores[f"{who}/{name}"] == pytest.approx(expected), (who, name)
        expected = find_metric("accuracy").score(actual, (probability >= 0.5).to_numpy(), weights)
        assert scores[f"{who}/accuracy"] == pytest.approx(expected)
    assert scores["test/accuracy"] != pytest.approx(np.mean((own["probability"] >= 0.5) == actual))


def test_a_weight_is_no_feature_and_a_row_to_predict_may_lack_it(made: dict[str, Any], tmp_path: Path) -> None:
    assert made["model"].preprocessor.column_names == ["age"]
    assert made["importance"]["raw_column"].tolist() == ["age"]
    model = RowModel.load(write_package(made["model"], "polls", tmp_path).parts)
    assert model.optional == {"people"}
    rows = made["promotion_rows"]
    assert {"age", "people", "answer"} == set(rows)
    found = model.predict(rows[["age"]])["probability"]
    np.testing.assert_array_equal(found, model.predict(rows[["age", "people"]])["probability"])
    assert made["test_head"].columns.tolist() == ["probability", "class", "actual", "weight"]


RULE = r"a weight must be a finite number of at least 0 \(2 rows, first"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("-1", rf"rows.csv, column people: {RULE} '-1' in data row 3"),
        ("", rf"{RULE} 'nan' in data row 3\); mend the file"),
        ("many", "people"),
        ("0", "weight: column people is 0 in all 400 rows"),
    ],
)  # fmt: skip
def test_weights_that_are_none_are_refused_by_column_count_and_first_row(tmp_path: Path, value: str, told: str) -> None:
    rows = make_rows().astype({"people": object})
    rows.loc[slice(None) if value == "0" else [2, 7], "people"] = value
    with pytest.raises(InvalidTableError, match=told):
        run_declared(tmp_path, "polls", TREE, rows, ["train_arrays"])


def resolve(tree: dict[str, Any], **command_line: Any) -> dict[str, Any]:  # noqa: ANN401
    return resolve_case("polls", {**TREE, **tree}, command_line)


def test_class_weights_are_given_by_label_and_kept_by_class_number() -> None:
    found = resolve({})
    assert found["weight"] == "people"
    assert (found["training"]["class_weights"], found["reference"]["class_weights"]) == ([1.0, 2.0], "balanced")
    # What is resolved stays what it is.
    assert resolve_case("polls", found, {})["training"]["class_weights"] == [1.0, 2.0]
    assert resolve({"training": {}})["training"]["class_weights"] == "none"
    given = resolve({"training": {}}, training={"class_weights": {"Yes": 5}})
    assert given["training"]["class_weights"] == [5.0, 1.0]
    assert resolve({}, training={"class_weights": "none"})["training"]["class_weights"] == "none"


def test_the_numbers_of_classes_are_labels_where_there_are_no_others() -> None:
    found = resolve_case("imdb", {"task": "binary", "target": "y", "training": {"class_weights": {1: 3, "0": 2}}}, {})
    assert found["training"]["class_weights"] == [2.0, 3.0]
    flags = {**TREE["data"], "columns": {"answer": {"type": "boolean", "classes": ["FALSE", "TRUE"]}}}
    assert resolve({"data": flags, "training": {"class_weights": {True: 4}}})["training"]["class_weights"] == [1.0, 4.0]


WRONG_WEIGHTS = "must be none, balanced, or a number above 0"
NUMBERS = {"task": "regression", "target": "age", "data": {**TREE["data"], "columns": {}}}
CATEGORY = {**TREE["data"], "columns": {"people": {"role": "weight", "type": "category"}}}


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"training": {"class_weights": {"Yse": 2}}},
         r"polls.training.class_weights: there is no class 'Yse' \(did you mean Yes\?\); there are Yes, No"),
        ({"training": {"class_weights": {"Yes": 0}}}, rf"polls.training.class_weights = \[0, 1.0\]: {WRONG_WEIGHTS}"),
        ({"training": {"class_weights": "even"}}, f"polls.training.class_weights = 'even': {WRONG_WEIGHTS}"),
        ({"reference": {"class_weights": [1.0, 2.0, 3.0]}},
         r"polls.reference.class_weights = \[1.0, 2.0, 3.0\]: has 3 weights, and there are 2 classes"),
        ({**NUMBERS, "training": {"class_weights": "balanced"}},
         "polls.training.class_weights = 'balanced': weighs classes, and a regression has none"),
        ({"weight": "age"}, "polls.weight = 'age': give data.columns.age the role weight"),
        ({"data": CATEGORY, "training": {}}, "the role weight goes with the type number or integer, not with category"),
    ],
)  # fmt: skip
def test_what_weighs_nothing_is_refused(tree: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidParametersError, match=told):
        resolve(tree)
