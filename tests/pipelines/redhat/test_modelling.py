"""The nodes of the shared stages, one by one and in the order of the case's graph, on a tiny sample of its tables."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from kedro.pipeline import Pipeline
from sklearn.metrics import accuracy_score, roc_auc_score
from tests.declared_fixtures import name_blocks

from casebook.cases.declared import read_declaration
from casebook.cases.registry import load_case
from casebook.config.schema import EvaluationParameters
from casebook.data.splitting import PARTS, TRAIN, EmptySplitError
from casebook.evaluation.prediction import predict
from casebook.pipelines.redhat.features import FEATURES
from casebook.preprocessing.row_schema import trace_sources
from casebook.preprocessing.tabular import TabularPreprocessor, prepare_rows
from casebook.stages import STUDY, evaluation, nodes
from casebook.synthetic_data.redhat import generate_sample

if TYPE_CHECKING:
    from collections.abc import Iterator

FEATURE_SOURCES = trace_sources(FEATURES, ())
SPLIT = {
    "strategy": "person",
    "keys": {"person": "people_id", "group": "people_group_1"},
    "test_share": 0.3,
    "validation_share": 0.3,
    "seed": 3,
}
EVALUATION = EvaluationParameters(importance_rows=60, importance_repeats=1, head_rows=4).model_dump()
PARAMETERS = {
    "target": "outcome",
    "labels": {},
    "task": "binary",
    "data": read_declaration("redhat").tree["data"],
    "split": SPLIT,
    "duplicates": "keep",
    "leaks": {},
    "folds": {"count": 2, "repeats": 1, "of": "training"},
    "preprocessing": {
        "scaling": "standard",
        "encoding": {"people_group_1": "embedding"},
        "impute": {"activity_type": "mode"},
        "clip": {"people_char_38": [0.01, 0.99]},
        "min_frequency": 2,
    },
    "training": {
        "epochs": 1,
        "batch_size": 128,
        "loss": "binary_crossentropy",
        "metrics": ["accuracy"],
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "network": {"hidden": [4]},
        "time_budget": 0,
    },
    "study": {},
    "reference": {
        "name": "boosted_trees", "max_rows": 1000, "max_iter": 3, "learning_rate": 0.3, "max_leaf_nodes": 4,
        "min_samples_leaf": 5, "l2_regularization": 0.0, "patience": 3, "seed": 1,
    },
    "evaluation": EVALUATION,
    "promotion": {},
    "weight": "",
}  # fmt: skip


def run_graph() -> Pipeline:
    """Give the graph of a run; studies are tested by whole launches."""
    graph = load_case("redhat").create_pipeline()
    return graph - graph.only_nodes_with_tags(STUDY)


def describe(value: object) -> object:
    """Describe a dataset's whole content by something that can be compared."""
    if isinstance(value, pd.DataFrame):
        # Rows and columns in their order, with labels, types and categories.
        types = [str(getattr(kind, "categories", kind)) for kind in value.dtypes]
        return value.columns.tolist(), types, pd.util.hash_pandas_object(value).tolist()
    if isinstance(value, dict):
        return {name: describe(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, TabularPreprocessor):
        return str(value.to_dict())
    if hasattr(value, "get_weights"):
        return describe(dict(enumerate(value.get_weights())))
    return value if isinstance(value, str | float | int | list) else None


class QuietFolds:
    """Hears of folds and tells nobody."""

    @contextmanager
    def fold(self, _name: str, _tags: dict[str, str]) -> "Iterator[list[object]]":
        yield []

    def scores(self, _metrics: dict[str, float]) -> None:
        pass


@pytest.fixture(scope="module")
def graph() -> tuple[dict[str, Any], dict[str, bool]]:
    """Run every node of the case -> all datasets, and by node whether its inputs stayed as they were."""
    sample = generate_sample(120, 900, 4).tables
    made: dict[str, Any] = {"raw_activities": sample["act_train.csv"], "raw_people": sample["people.csv"]}
    made |= {
        "training_callbacks": [],
        "training_session": [],
        "fold_monitor": QuietFolds(),
        **{f"params:{name}": block for name, block in name_blocks(PARAMETERS)},
    }
    untouched = {}
    for node in run_graph().nodes:
        given = [made[name.replace("redhat.", "")] for name in node.inputs]
        before = [describe(value) for value in given]
        results = node.func(*given)
        untouched[node.name] = before == [describe(value) for value in given]
        found = [results] if len(node.outputs) == 1 else results or []
        made |= dict(zip([o.removeprefix("redhat.") for o in node.outputs], found, strict=True))
    return made, untouched


@pytest.fixture(scope="module")
def made(graph: tuple[dict[str, Any], dict[str, bool]]) -> dict[str, Any]:
    """Every dataset of the graph; not to be changed."""
    return graph[0]


def test_every_node_of_the_graph_leaves_its_inputs_as_they_were(
    graph: tuple[dict[str, Any], dict[str, bool]],
) -> None:
    untouched = graph[1]
    assert len(untouched) == len(run_graph().nodes)
    assert [name for name, same in untouched.items() if not same] == []


@pytest.mark.parametrize("strategy", ["row", "person", "group"])
def test_each_row_gets_a_part_by_the_chosen_strategy(made: dict[str, Any], strategy: str) -> None:
    table = made["feature_table"]
    parts = nodes.assign_splits(table, {**SPLIT, "strategy": strategy, "seed": 5}, "keep", "outcome", "binary")
    assert parts.dtypes.astype(str).to_dict() == {"part": "uint8"}
    assert len(parts) == len(table)
    assert set(parts["part"]) == set(PARTS.values())
    for name, column in SPLIT["keys"].items():
        sides = parts["part"].groupby(table[column].to_numpy()).agg(["min", "max"])
        assert (sides["min"] == sides["max"]).all() == (name == strategy or strategy == "group" != name)


def test_a_split_by_an_unknown_strategy_or_without_a_class_is_refused(made: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="strategy 'time' does not exist; there are row, none, person, group"):
        nodes.assign_splits(made["feature_table"], {**SPLIT, "strategy": "time"}, "keep", "outcome", "binary")
    one_class = made["feature_table"].assign(outcome=[1, *[0] * (len(made["feature_table"]) - 1)])
    with pytest.raises(EmptySplitError, match="has no row of class 1"):
        nodes.assign_splits(one_class, {**SPLIT, "strategy": "row"}, "keep", "outcome", "binary")


def test_the_split_is_described_by_rows_features_and_what_was_seen() -> None:
    table = pd.DataFrame(
        {"people_id": [1, 2, 3, 1, 4, 4], "people_group_1": [7, 7, 8, 7, 8, 8], "kind": [*"abaabb"], "outcome": 0}
    )
    parts = pd.DataFrame({"part": np.array([1, 1, 2, 4, 4, 0], dtype="uint8")})
    sources = {name: (name,) for name in table.columns.drop("outcome")}
    settings = PARAMETERS["preprocessing"]
    preprocessor = nodes.fit_preprocessor_on_training(table, parts, settings, {}, SPLIT, feature_sources=sources)
    assert nodes.describe_split(table, parts, preprocessor, SPLIT) == {
        "data/train_rows": 2.0,
        "data/validation_rows": 1.0,
        "data/test_rows": 2.0,
        "data/promotion_rows": 0.0,
        "data/unused_rows": 1.0,
        # A person's number, two kinds and the embedded group.
        "data/features": 4.0,
        "test/seen_person_share": 0.5,
        "test/seen_group_share": 0.5,
        # The first test row is the first training row once more.
        "test/seen_row_share": 0.5,
    }


def test_every_part_is_prepared_from_its_own_rows_in_their_order(made: dict[str, Any]) -> None:
    table, part = made["feature_table"], made["split_assignment"]["part"].to_numpy()
    for name, number in PARTS.items():
        rows = table[part == number]
        expected = {**prepare_rows(rows, made["preprocessor"]), "target": rows["outcome"].to_numpy("uint8")}
        assert describe(made[f"{name}_arrays"]) == describe(expected)
    assert all(column.name != "outcome" for column in made["preprocessor"].columns)


def test_the_preparation_knows_only_the_training_rows(made: dict[str, Any]) -> None:
    table, train = made["feature_table"], (made["split_assignment"]["part"] == TRAIN).to_numpy()
    spoilt = table.copy()
    spoilt.loc[~train, "people_char_38"] = -1
    spoilt.loc[~train, "people_group_1"] = 1
    settings = PARAMETERS["preprocessing"]
    again = nodes.fit_preprocessor_on_training(
        spoilt, made["split_assignment"], settings, {}, SPLIT, feature_sources=FEATURE_SOURCES
    )
    assert again == made["preprocessor"]
    column = next(column for column in again.columns if column.name == "people_char_38")
    low, high = np.quantile(table.loc[train, "people_char_38"], [0.01, 0.99])
    assert (column.low, column.high) == (low, high)


def test_both_models_predict_every_test_row_beside_its_outcome(made: dict[str, Any]) -> None:
    arrays = made["test_arrays"]
    for name in ("test_predictions", "reference_predictions"):
        predictions = made[name]
        assert predictions.columns.tolist() == ["probability", "actual"]
        assert predictions["probability"].between(0, 1).all()
        np.testing.assert_array_equal(predictions["actual"], arrays["target"])
    np.testing.assert_allclose(made["test_predictions"]["probability"], predict(made["network"], arrays), atol=1e-7)


def test_network_baseline_and_reference_are_scored_on_the_same_rows(made: dict[str, Any]) -> None:
    scores = made["test_metrics"]
    metrics = ("accuracy", "auc", "log_loss", "f1")
    assert list(scores) == [f"{who}/{name}" for who in ("test", "baseline", "reference") for name in metrics]
    actual, share = made["test_arrays"]["target"], made["train_arrays"]["target"].mean()
    probabilities = {
        "test": made["test_predictions"]["probability"],
        "baseline": np.full(len(actual), share),
        "reference": made["reference_predictions"]["probability"],
    }
    for who, probability in probabilities.items():
        assert scores[f"{who}/accuracy"] == pytest.approx(accuracy_score(actual, probability >= 0.5))
        assert scores[f"{who}/auc"] == pytest.approx(roc_auc_score(actual, probability))


def test_scores_follow_the_threshold(made: dict[str, Any]) -> None:
    inputs = made["test_predictions"], made["reference_predictions"], made["train_arrays"]
    scores = evaluation.score_test(*inputs, {"threshold": 0.001, "thresholds": []}, 0.001, 0.001)
    assert scores["baseline/accuracy"] == pytest.approx(made["test_arrays"]["target"].mean())
    assert scores["test/auc"] == made["test_metrics"]["test/auc"]


def test_a_reference_on_other_rows_is_not_scored(made: dict[str, Any]) -> None:
    fewer = made["reference_predictions"].head(5)
    with pytest.raises(ValueError, match="rows but prediction 5: pass the same rows to both"):
        evaluation.score_test(made["test_predictions"], fewer, made["train_arrays"], EVALUATION, 0.5, 0.5)


def test_every_raw_column_that_a_feature_comes_from_is_ranked(made: dict[str, Any]) -> None:
    importance = made["importance"]
    assert importance.columns.tolist() == ["raw_column", "metric", "drop_mean", "drop_std"]
    assert sorted(importance["raw_column"]) == sorted({raw for columns in FEATURE_SOURCES.values() for raw in columns})
    assert set(importance["metric"]) == {"auc"}
    assert importance["drop_mean"].is_monotonic_decreasing


def test_importance_is_measured_on_evenly_spaced_rows(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def remember(_predict: object, arrays: dict, permuted: dict, target: np.ndarray, *_: object, **__: object) -> None:
        seen.update(arrays=arrays, permuted=permuted, target=target)

    monkeypatch.setattr("casebook.evaluation.permutation_importance.permute_importance", remember)
    arrays = made["test_arrays"]
    few = {**EVALUATION, "importance_rows": len(arrays["target"]) // 4}
    given = made["network"], arrays, made["preprocessor"], made["joined_rows"], made["split_assignment"], few
    evaluation.rank_raw_columns(*given, engineer=made["row_schema"].engineer_features, feature_sources=FEATURE_SOURCES)
    np.testing.assert_array_equal(seen["target"], arrays["target"][::4])
    np.testing.assert_array_equal(seen["arrays"]["codes"], arrays["codes"][::4])
    moved = seen["permuted"]["date"](np.arange(len(seen["target"]))[::-1])
    changed = sum((moved[name] != seen["arrays"][name]).any(axis=0).sum() for name in moved)
    assert 2 <= changed <= 6


def test_figures_have_their_numbers_and_the_head_its_rows(made: dict[str, Any]) -> None:
    assert all(name.endswith(".png") for name in made["figures"])
    assert {name.removesuffix(".png") for name in made["figures"]} <= set(made["figure_tables"])
    head = made["test_head"]
    assert len(head) == EVALUATION["head_rows"]
    np.testing.assert_allclose(head["probability"], made["test_predictions"]["probability"].head(4), atol=1e-6)


def test_the_package_holds_network_preparation_threshold_and_raw_example_rows(made: dict[str, Any]) -> None:
    package = made["model"]
    assert (package.network, package.preprocessor) == (made["network"], made["preprocessor"])
    assert (package.task, package.threshold) == ("binary", EVALUATION["threshold"])
    joined = made["joined_rows"]
    # Of the activity's char_1 ... char_9 no feature is made.
    unused = ["outcome", *(f"char_{number}" for number in range(1, 10))]
    assert package.example.columns.tolist() == joined.columns.drop(unused).tolist()
    assert package.example["date"].tolist() == joined["date"].head(5).dt.strftime("%Y-%m-%d").tolist()
    assert package.example["people_id"].tolist() == joined["people_id"].head(5).tolist()


@pytest.mark.parametrize("table", ["activities", "people"])
def test_a_profile_has_a_page_and_a_row_for_each_column(made: dict[str, Any], table: str) -> None:
    rows, columns = made[f"typed_{table}"].shape
    assert f"{table}: {rows:,} rows, {columns} columns" in made[f"{table}_profile_page"]
    assert made[f"{table}_profile_columns"]["column"].tolist() == list(made[f"typed_{table}"])
    assert made[f"{table}_profile_categories"]["mean_target"].notna().all() == (table == "activities")


def test_evaluation_needs_at_least_one_row_for_the_importance() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        EvaluationParameters(importance_rows=0)
