"""From configuration to checked parameters."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml

from casebook.config.resolve import RENAMED_KEYS, InvalidParametersError, resolve_case, resolve_parameters
from casebook.config.tree import look_up, overlay, unflatten

BASE = """
redhat:
  variant: default
  task: binary
  target: outcome
  sample: {people: 400, activities: 4000, seed: 1}
  data:
    defaults: schema
    tables: {activities: {file: act_train.csv}, people: {file: people.csv, join_on: people_id, prefix: people_}}
  split: {strategy: person, keys: {person: people_id, group: people_group_1}, test_share: 0.2, validation_share: 0.1,
          seed: 1}
  preprocessing: {scaling: standard, encoding: {people_group_1: embedding}, impute: {activity_type: mode}, clip: {},
                min_frequency: 1}
  training:
    epochs: 5
    batch_size: 64
    loss: binary_crossentropy
    metrics: [accuracy]
    optimizer: {name: adam, learning_rate: 0.01, options: {beta_1: 0.8}}
    network: {hidden: [8]}
  reference: {name: boosted_trees, max_rows: 1000, max_iter: 10, learning_rate: 0.1, max_leaf_nodes: 31,
              min_samples_leaf: 20, l2_regularization: 0.0, patience: 5, seed: 1}
  evaluation: {threshold: 0.5}
  variants:
    wide: {training: {network: {hidden: [64, 64]}, epochs: 3}}
    plain: {preprocessing: {encoding: {}}, training: {optimizer: {options: {amsgrad: true}}}}
    broken: {training: {epoch: 3}}
"""


DATA = {"defaults": "schema", "tables": {"rows": {"file": "rows.csv"}}}


@pytest.fixture
def configured() -> dict[str, Any]:
    return yaml.safe_load(BASE)


def resolve(configured: dict[str, Any], **command_line: object) -> dict[str, Any]:
    """Resolve with the command line given below the case; Kedro has it in the configuration already."""
    given_ = {"redhat": command_line}
    return resolve_parameters(overlay(configured, given_), given_)["redhat"]


@pytest.mark.parametrize("stated", [None, [3], 3])
def test_a_variant_that_is_no_block_is_refused_by_its_name(configured: dict[str, Any], stated: object) -> None:
    configured["redhat"]["variants"]["wide"] = stated
    with pytest.raises(InvalidParametersError) as told:
        resolve(configured, variant="wide")
    assert str(told.value) == f"redhat.variants.wide = {stated!r}: give the keys that it replaces and their values"


@pytest.mark.parametrize("stated", [3, [3]])
def test_variants_that_are_no_block_are_refused_by_their_key(configured: dict[str, Any], stated: object) -> None:
    configured["redhat"]["variants"] = stated
    with pytest.raises(InvalidParametersError) as told:
        resolve(configured, variant="wide")
    assert str(told.value) == "redhat.variant: there is no variant 'wide'; there are default"


def test_without_variant_or_command_line_the_configuration_stands(configured: dict[str, Any]) -> None:
    resolved = resolve(configured)
    assert resolved["training"]["epochs"] == 5
    assert resolved["training"]["network"]["hidden"] == [8]


def test_a_variant_replaces_its_leaves_and_no_others(configured: dict[str, Any]) -> None:
    training = resolve(configured, variant="wide")["training"]
    assert (training["network"]["hidden"], training["epochs"], training["batch_size"]) == ([64, 64], 3, 64)


def test_a_variant_wins_over_the_environment_and_the_command_line_over_both(configured: dict[str, Any]) -> None:
    environment = overlay(configured, {"redhat": {"training": {"epochs": 2, "batch_size": 16}}})
    training = resolve(environment, variant="wide")["training"]
    assert (training["epochs"], training["batch_size"]) == (3, 16)
    training = resolve(environment, variant="wide", training={"epochs": 9})["training"]
    assert (training["epochs"], training["network"]["hidden"]) == (9, [64, 64])


def test_a_configuration_can_choose_the_variant_too(configured: dict[str, Any]) -> None:
    configured["redhat"]["variant"] = "wide"
    assert resolve(configured)["training"]["epochs"] == 3
    assert resolve(configured, variant="default")["training"]["epochs"] == 5


def test_a_variant_states_free_mappings_whole(configured: dict[str, Any]) -> None:
    resolved = resolve(configured, variant="plain")
    assert resolved["preprocessing"]["encoding"] == {}
    assert resolved["preprocessing"]["impute"] == {"activity_type": "mode"}
    assert resolved["training"]["optimizer"]["options"] == {"amsgrad": True}


def test_the_command_line_gives_single_entries_of_free_mappings(configured: dict[str, Any]) -> None:
    more = {"preprocessing": {"encoding": {"activity_category": "embedding"}}}
    both = {"people_group_1": "embedding", "activity_category": "embedding"}
    assert resolve(configured, **more)["preprocessing"]["encoding"] == both
    assert resolve(configured, variant="plain", **more)["preprocessing"]["encoding"] == {
        "activity_category": "embedding"
    }


@pytest.mark.parametrize(
    ("block", "leaf", "text", "value"),
    [
        ("network", "hidden", "512x256", [512, 256]),
        ("network", "hidden", 64, [64]),
        ("network", "hidden", "64", [64]),
        (None, "metrics", "accuracy+auc", ["accuracy", "auc"]),
        (None, "metrics", "auc", ["auc"]),
    ],
)
def test_lists_can_be_written_as_one_word(
    configured: dict[str, Any], block: str | None, leaf: str, text: object, value: object
) -> None:
    training = {block: {leaf: text}} if block else {leaf: text}
    found = resolve(configured, training=training)["training"]
    assert (found[block] if block else found)[leaf] == value


def test_quantiles_can_be_written_as_one_word(configured: dict[str, Any]) -> None:
    assert resolve(configured, preprocessing={"clip": {"people_char_38": "0.01x0.99"}})["preprocessing"]["clip"] == {
        "people_char_38": [0.01, 0.99]
    }


def test_defaults_are_filled_in_as_plain_values(configured: dict[str, Any]) -> None:
    training = resolve(configured)["training"]
    assert training["schedule"] == {"name": "cosine", "warmup_share": 0.0, "final_share": 0.0}
    assert training["network"]["activation"] == "relu"
    assert type(training["schedule"]) is dict


def test_the_configuration_is_not_modified(configured: dict[str, Any]) -> None:
    kept = deepcopy(configured)
    given = {"redhat": {"variant": "wide", "training": {"epochs": 7, "network": {"hidden": [5]}}}}
    resolved = resolve_parameters(configured, given)
    assert configured == kept
    # Nor by whoever modifies what it was resolved to.
    names = ("data.tables.people", "variants.wide.training", "training.network.hidden", "training.optimizer.options")
    for part in [look_up(resolved, f"redhat.{name}") for name in names]:
        part.clear()
    assert configured == kept
    assert given == {"redhat": {"variant": "wide", "training": {"epochs": 7, "network": {"hidden": [5]}}}}


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"training": {"epoch": 3}}, r"redhat\.training\.epoch: unknown key; did you mean epochs\? the keys here are"),
        ({"trainin": {}}, r"redhat\.trainin: unknown key; did you mean training\?"),
        ({"training": {"optimizer": {"lr": 0.1}}}, r"redhat\.training\.optimizer\.lr: unknown key; .*learning_rate"),
        ({"training": {"epochs": "many"}}, r"redhat\.training\.epochs = 'many': must be a valid integer"),
        ({"training": {"epochs": 0}}, r"redhat\.training\.epochs = 0: must be greater than or equal to 1"),
        ({"training": {"epochs": 1.5}}, r"redhat\.training\.epochs = 1\.5: must be a valid integer"),
        ({"training": {"epochs": True}}, r"redhat\.training\.epochs = True: must be a valid integer"),
        ({"split": {"test_share": 1.0}}, r"redhat\.split\.test_share = 1\.0: must be less than 1"),
        ({"split": {"strategy": "time"}}, r"redhat\.split: strategy 'time' does not exist; there are row, none"),
        ({"training": {"optimizer": {"name": "adm"}}}, r"redhat\.training\.optimizer\.name = 'adm': must be 'sgd'"),
        ({"training": {"network": {"hidden": "8xwide"}}}, r"redhat\.training\.network\.hidden\.1 = 'wide': must be"),
        ({"training": {"network": {"hidden": [0]}}}, r"redhat\.training\.network\.hidden\.0 = 0: must be greater than"),
        ({"training": {"network": {"dropout": 1}}}, r"redhat\.training\.network\.dropout = 1: must be less than 1"),
        ({"training": {"network": {"activation": "rel"}}}, r"activation = 'rel': must be 'relu'.*'swish'"),
        ({"training": {"loss": "hinge"}}, r"redhat\.training\.loss = 'hinge': must be 'binary_crossentropy'"),
        ({"training": {"metrics": "accuracy+f2"}}, r"redhat\.training\.metrics\.1 = 'f2': metric f2 is unknown"),
        ({"training": {"optimizer": {"options": {"beta1": 0.9}}}}, r"option beta1 is not one of adam's: amsgrad"),
        ({"training": {"schedule": {"name": "linear", "warmup_share": 0.1}}}, r"warmup_share goes with constant"),
        (
            {"training": {"early_stopping": {"metric": "val/auc", "patience": 2}}},
            r"early_stopping\.metric 'val/auc' is not one of val/loss, val/accuracy",
        ),
        ({"preprocessing": {"encoding": {"char_3": "onehot"}}}, r"encoding: there is no feature column 'char_3'"),
        ({"preprocessing": {"encoding": {"people_char_3": "label"}}}, r"people_char_3 = 'label': must be 'number'"),
        ({"preprocessing": {"clip": {"people_char_38": "0.9x0.1"}}}, r"people_char_38: quantiles must rise from"),
        ({"leaks": {"activity_type": "drop"}}, r"leaks: activity_type is a feature, .* it: give char_10; there are ac"),
        ({"leaks": {"chr_10": "keep"}}, r"redhat\.leaks: there is no raw column 'chr_10' \(did you mean char_10\?\)"),
        ({"data": {"tables": {"people": {"unmatched": "keep"}}}}, r"people\.unmatched = 'keep': must be 'refuse'"),
        ({"sample": {"people": 3}}, r"redhat\.sample\.people = 3: must be greater than or equal to 200"),
        ({"variant": "wyde"}, r"redhat\.variant: there is no variant 'wyde' \(did you mean wide\?\); there are"),
        ({"variant": "broken"}, r"redhat\.training\.epoch: unknown key"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_key_value_and_what_is_allowed(
    configured: dict[str, Any], given_: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParametersError, match=message):
        resolve(configured, **given_)


def test_all_that_is_wrong_is_said_at_once_in_a_line_each(configured: dict[str, Any]) -> None:
    with pytest.raises(InvalidParametersError) as told:
        resolve(configured, training={"epochs": 0, "batch_size": "x"}, target=[3])
    assert [line.split(" = ")[0] for line in str(told.value).splitlines()] == [
        "redhat.target", "redhat.training.epochs", "redhat.training.batch_size",
    ]  # fmt: skip


def test_a_missing_leaf_is_named_with_its_file(configured: dict[str, Any]) -> None:
    del configured["redhat"]["target"]
    with pytest.raises(
        InvalidParametersError, match=r"^redhat.target: missing; give it in conf/base/redhat/parameters.yml$"
    ):
        resolve(configured)


@pytest.mark.parametrize(
    ("task", "loss", "metrics", "output"),
    [
        ("binary", "binary_crossentropy", ["accuracy", "auc"], "sigmoid"),
        ("multiclass", "sparse_categorical_crossentropy", ["accuracy"], "softmax"),
        ("regression", "mse", ["mae", "mse"], "linear"),
    ],
)
def test_a_case_of_which_only_task_and_target_are_given_has_the_defaults_of_its_task(
    task: str, loss: str, metrics: list[str], output: str
) -> None:
    given = {"task": task, "target": "outcome", "data": DATA}
    training = resolve_case("boston", given, {})["training"]
    assert (training["loss"], training["metrics"], training["network"]["output"]) == (loss, metrics, output)
    assert (training["epochs"], training["optimizer"]["name"]) == (20, "adamw")
    assert given == {"task": task, "target": "outcome", "data": DATA}


@pytest.mark.parametrize(
    ("modality", "reference"),
    [("columns", "boosted_trees"), ("image", "logistic_image"), ("text", "logistic_text")],
)
def test_a_case_without_a_reference_has_that_of_its_modality(modality: str, reference: str) -> None:
    given = {"task": "binary", "target": "outcome", "data": DATA, "preprocessing": {"modality": modality}}
    assert resolve_case("boston", given, {})["reference"]["name"] == reference
    left_out = resolve_case("boston", {**given, "reference": {"name": "none"}}, {})
    assert left_out["reference"]["name"] == "none"


@pytest.mark.parametrize(
    ("task", "trees"),
    [("binary", (0.04, 50, 40, 0.75)), ("multiclass", (0.04, 50, 40, 0.75)), ("regression", (0.05, 100, 3, 0.7))],
)
def test_the_trees_of_a_reference_go_by_the_task(task: str, trees: tuple[float, ...]) -> None:
    names = ("learning_rate", "max_leaf_nodes", "min_samples_leaf", "subsample")
    given = {"task": task, "target": "outcome", "data": DATA}
    found = resolve_case("boston", given, {})["reference"]
    assert tuple(found[name] for name in names) == trees
    stated = resolve_case("boston", {**given, "reference": {"max_leaf_nodes": 8}}, {})["reference"]
    assert tuple(stated[name] for name in names) == (trees[0], 8, *trees[2:])


def nest(dotted: str) -> dict[str, Any]:
    return unflatten({dotted: 1})


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
@pytest.mark.parametrize("case", ["redhat", "boston"])
def test_a_key_of_an_earlier_version_is_refused_in_one_line_with_its_new_name(case: str, old: str, new: str) -> None:
    given = {"task": "binary", "target": "outcome", "data": DATA}
    assert look_up(resolve_case(case, given, {}), new, None) is not None
    with pytest.raises(InvalidParametersError, match=rf"^{case}\.{old}: unknown key; it is called {case}\.{new} now$"):
        resolve_case(case, overlay(given, nest(old)), {})


@pytest.mark.parametrize(
    ("case", "block", "message"),
    [
        ("boston", {"preprocessing": {"scalling": "none"}}, "preprocessing.scalling: unknown key; did you mean"),
        ("redhat", {"preprocessing": {"scalling": "none"}}, "preprocessing.scalling: unknown key; did you"),
        ("boston", {"preprocessing": {"columns": [3]}}, "preprocessing.columns.0 = 3: must be a valid string"),
        ("redhat", {"preprocessing": {"columns": [3]}}, "preprocessing.columns.0 = 3: must be a valid string"),
        ("boston", {"preprocessing": {"modality": "sound"}}, "preprocessing: modality must be columns, image or text"),
        ("boston", {"reference": {"patienc": 3}}, "reference.patienc: unknown key; did you mean patience?"),
        ("imdb", {"reference": {"max_rows": 3}}, "reference.max_rows = 3: must be greater than or equal to 100"),
    ],
)  # fmt: skip
def test_one_fault_below_a_block_of_several_kinds_is_one_line(case: str, block: dict[str, Any], message: str) -> None:
    tables = {} if case == "imdb" else {"data": DATA}
    with pytest.raises(InvalidParametersError) as told:
        resolve_case(case, {"task": "binary", "target": "outcome", **tables, **block}, {})
    (line,) = str(told.value).splitlines()
    assert line.startswith(f"{case}.{message}")


@pytest.mark.parametrize("command_line", [{"redhut": {"training": {"epochs": 1}}}, {"epochs": 3}])
def test_a_case_that_does_not_exist_is_refused(configured: dict[str, Any], command_line: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidParametersError,
        match=r"there is no case .*; there are attrition, boston, deposit, imdb, mnist, pima, redhat",
    ):
        resolve_parameters(configured, command_line)


def test_a_value_for_a_whole_case_is_refused_with_an_example(configured: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidParametersError, match=r"redhat = 3: give a leaf below it, as in redhat.training.epochs=5"
    ):
        resolve_parameters(configured, {"redhat": 3})


def test_a_case_without_variants_knows_only_the_default(configured: dict[str, Any]) -> None:
    configured["redhat"]["variants"] = None
    with pytest.raises(InvalidParametersError, match="there is no variant 'wide'; there are default"):
        resolve(configured, variant="wide")


def test_a_case_of_which_only_the_command_line_speaks_takes_no_part(configured: dict[str, Any]) -> None:
    given = {"boston": {"training": {"epochs": 3}}}
    assert resolve_parameters({**configured, **given}, given) == resolve_parameters(configured, {})
