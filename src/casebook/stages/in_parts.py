"""The way from raw files to model arrays in parts, in place of the nodes that do it with whole tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.pipeline import Pipeline

from casebook.cases import own_code
from casebook.config import schema
from casebook.config.schema.table_declaration import DataParameters
from casebook.data.row_description import OwnCode
from casebook.out_of_core import prepare_in_parts
from casebook.out_of_core.recipe import Recipe
from casebook.preprocessing.arrays import Labels, check_weights
from casebook.stages import evaluation, nodes, reporting
from casebook.stages.row_features import bind
from casebook.stages.tagged_nodes import STUDY, stage
from casebook.stages.used_columns import find_time_indexes, name_features

if TYPE_CHECKING:
    from kedro.pipeline import Node

    from casebook.datasets.part_workers import PartWorkshop
    from casebook.datasets.raw_parts import RawPart
    from casebook.preprocessing.row_schema import RowSchema
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

Block = dict[str, Any]
SETTINGS = ("data", "target", "task", "weight", "split", "promotion", "preprocessing", "leaks")
# What one node makes of raw files in parts; rows and their split are of a sample.
MADE = (
    "row_schema", "joined_rows", "split_assignment", "preprocessor", "train_arrays", "validation_arrays", "test_arrays",
    "test_keys", "split_metrics", "target_metrics",
)  # fmt: skip
# Stages that look at whole tables and nothing of the model needs.
LEFT_OUT = ("profile", "leaks", "folds", STUDY)
# Of all test rows -> of those in the sample; whoever sees rows of a table sees these beside them.
SAMPLED = {name: f"sampled_{name}" for name in ("test_arrays", "test_predictions", "test_keys")}
TABLES = {"joined_rows", "feature_table", "split_assignment", "test_rows"}


def take_parts(case: str, run: Pipeline) -> Pipeline:
    """Change a case's graph so that its tables are worked on in parts.

    All training rows are fitted and trained on, and all test rows predicted and scored. What shows single rows -
    importance, the profile of the training rows, the page's tables - is of a sample of them, of all where they are few.

    Args:
        case: its name.
        run: its graph without the study.
    """
    made = {f"{case}.{name}" for name in MADE}
    kept = [
        _see_sample(node, case)
        for node in run.nodes
        if made.isdisjoint(node.outputs) and node.tags.isdisjoint(LEFT_OUT) and not _makes_unused(node, case)
    ]
    sampled = ["feature_table", "split_assignment"]
    labels = ["params:target", "params:task", "params:weight"]
    arrays = [f"sampled_{part}_arrays" for part in ("train", "validation", "test")]
    given = ["raw_parts", "part_workers", "part_settings"]
    predicted, keys = SAMPLED["test_predictions"], SAMPLED["test_keys"]
    prepare, predict, number = nodes.apply_preprocessor, evaluation.predict_test, reporting.number_test_rows
    dealt = [*sampled, "params:split", "params:duplicates"]
    own = [
        stage("preprocessing", gather_settings, [f"params:{name}" for name in SETTINGS], "part_settings"),
        stage("preprocessing", bind(prepare_parts, case=case), given, list(MADE)),
        stage("preprocessing", prepare, [*sampled, "preprocessor", *labels], arrays, name="prepare_sample"),
        stage("evaluation", predict, ["network", arrays[2], "params:task"], predicted, name="predict_sample"),
        stage("splitting", number, dealt, keys, name="number_sample"),
    ]
    return Pipeline(kept) + Pipeline(own, namespace=case)


def _makes_unused(node: Node, case: str) -> bool:
    """Return whether a node makes what only replaced nodes take."""
    typed = all(name.startswith(f"{case}.typed_") for name in node.outputs)
    return bool(node.outputs) and (typed or node.outputs == [f"{case}.initial_split"])


def _see_sample(node: Node, case: str) -> Node:
    """Let a node that sees rows of a table see the predictions of the same rows."""
    if {f"{case}.{name}" for name in TABLES}.isdisjoint(node.inputs):
        return node
    renamed = {f"{case}.{name}": f"{case}.{sampled}" for name, sampled in SAMPLED.items()}
    inputs = [renamed.get(name, name) for name in node.inputs]
    return node if inputs == node.inputs else node._copy(inputs=inputs)


def gather_settings(*values: Any) -> Block:  # noqa: ANN401 - parameters
    """Collect the parameters of the preparation under the names in `SETTINGS`."""
    return dict(zip(SETTINGS, values, strict=True))


def prepare_parts(
    raw_parts: dict[str, list[RawPart]], part_workers: PartWorkshop, part_settings: Block, *, case: str
) -> tuple[
    RowSchema, pd.DataFrame, pd.DataFrame, TabularPreprocessor, Arrays, Arrays, Arrays, pd.DataFrame, Block, Block
]:
    """Prepare raw files in parts; see `out_of_core.prepare_in_parts`.

    Returns:
        The datasets of `MADE`; rows and split are of those that are kept as they stand in the files.
    """
    recipe = write_recipe(part_settings, case)

    def name(row_schema: RowSchema, _recipe: Recipe) -> list[str]:
        features = [feature for feature in row_schema.features if row_schema.sources[feature]]
        return name_features(features, row_schema.sources, part_settings["preprocessing"], part_settings["leaks"])

    def leave_out(names: list[str], training: pd.DataFrame, row_schema: RowSchema) -> list[str]:
        settings = part_settings["preprocessing"], part_settings["split"]
        return find_time_indexes(training, names, *settings, row_schema)

    with part_workers.open(raw_parts) as (workers, place):
        prepared = prepare_in_parts(raw_parts, recipe, workers, place, name, leave_out)
    check_weights(prepared.arrays)
    keys = prepared.test_keys.assign(word=pd.Categorical([word_of(recipe)] * len(prepared.test_keys)))
    return (
        prepared.schema,
        prepared.rows,
        pd.DataFrame({"part": prepared.part}),
        prepared.preprocessor,
        prepared.arrays["train"],
        prepared.arrays["validation"],
        prepared.arrays["test"],
        keys,
        prepared.split_metrics,
        prepared.target_metrics,
    )


def word_of(recipe: Recipe) -> str:
    """Return what a key of the split is called; see `split_keys.find_split_keys`."""
    return "week" if recipe.split.strategy == "time" else recipe.split.strategy


def write_recipe(settings: Block, case: str) -> Recipe:
    """Write down what is done to the parts of a case's tables."""
    functions = own_code.own_functions(case)
    preprocessing = schema.TabularPreprocessingParameters.model_validate(settings["preprocessing"])
    return Recipe(
        DataParameters.model_validate(settings["data"]),
        Labels(settings["target"], settings["task"], settings["weight"]),
        schema.SplitParameters.model_validate(settings["split"]),
        schema.PromotionParameters.model_validate(settings["promotion"]).key,
        preprocessing,
        settings["leaks"],
        OwnCode(case if functions else "", own_code.own_features(case)),
    )
