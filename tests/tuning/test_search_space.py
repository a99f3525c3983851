"""A space gives values that lie in it, under the parameters' dotted names, and refuses what makes no sense."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casebook.tuning.hyperparameters import SpaceError
from casebook.tuning.plan import apply_trial_values
from casebook.tuning.search_space import encode_values, list_grid, read_space, space_of_settings, suggest_values

OPEN = {"options", "encoding"}
PARAMETERS: dict[str, Any] = {
    "variant": "default",
    "variants": {"wide": {"training": {"network": {"hidden": [512]}, "epochs": 9}}},
    "preprocessing": {"scaling": "standard", "encoding": {}},
    "training": {
        "epochs": 5,
        "batch_size": 32,
        "optimizer": {"name": "adam", "learning_rate": 0.001, "options": {}},
        "network": {"hidden": [16], "dropout": 0.0},
    },
}
SPACE: dict[str, Any] = {
    "preprocessing": {"scaling": {"choice": ["none", "standard"]}},
    "training": {
        "optimizer": {
            "name": {"choice": ["sgd", "adam"]},
            "learning_rate": {"float": [1e-4, 1e-1], "log": True},
            "options": {"momentum": {"float": [0.0, 0.9], "when": {"training.optimizer.name": ["sgd"]}}},
        },
        "network": {
            "hidden": {"widths": {"depth": {"int": [1, 3]}, "width": {"choice": [8, 16]}}},
            "dropout": {"float": [0.0, 0.5], "step": 0.25, "when": {"training.network.hidden.depth": [2, 3]}},
        },
    },
}


def when(conditions: dict[str, Any]) -> dict[str, Any]:
    return {**SPACE, "training": {**SPACE["training"], "epochs": {"int": [1, 9], "when": conditions}}}


def read(space: dict[str, Any]) -> list[Any]:
    return read_space("toy", space, PARAMETERS, OPEN)


def draw(space: dict[str, Any], seed: int) -> dict[str, Any]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return suggest_values(read(space), study.ask(), {"toy": PARAMETERS})


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_every_draw_lies_in_its_bounds_and_conditions_decide_what_exists(seed: int) -> None:
    values = draw(SPACE, seed)
    assert values["toy.preprocessing.scaling"] in {"none", "standard"}
    assert 1e-4 <= values["toy.training.optimizer.learning_rate"] <= 1e-1
    hidden = values["toy.training.network.hidden"]
    assert len(set(hidden)) == 1
    assert hidden[0] in {8, 16}
    assert 1 <= len(hidden) <= 3
    assert ("toy.training.optimizer.options.momentum" in values) == (values["toy.training.optimizer.name"] == "sgd")
    assert ("toy.training.network.dropout" in values) == (len(hidden) > 1)
    assert values.get("toy.training.network.dropout", 0.0) in {0.0, 0.25, 0.5}


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_merge_changes_the_drawn_leaves_alone_and_leaves_the_base_as_it_was(seed: int) -> None:
    before = deepcopy(PARAMETERS)
    values = draw(SPACE, seed)
    merged = apply_trial_values(PARAMETERS, values)
    assert before == PARAMETERS
    assert merged["training"]["epochs"] == 5
    assert merged["training"]["batch_size"] == 32
    for name, value in values.items():
        below: Any = merged
        for word in name.split(".")[1:]:
            below = below[word]
        assert below == value


@given(st.floats(-5, 5), st.floats(0, 5), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_any_range_of_numbers_is_kept(low: float, span: float, seed: int) -> None:
    values = draw({"training": {"network": {"dropout": {"float": [low, low + span]}}}}, seed)
    assert low <= values["toy.training.network.dropout"] <= low + span


def test_a_grid_lists_each_combination_that_exists_once() -> None:
    space = {
        "training": {
            "optimizer": {
                "name": {"choice": ["sgd", "adam"]},
                "options": {"momentum": {"float": [0.0, 0.5], "step": 0.5, "when": {"training.optimizer.name": "sgd"}}},
            },
            "batch_size": {"int": [16, 32], "step": 16},
        }
    }
    name, momentum = "toy.training.optimizer.name", "toy.training.optimizer.options.momentum"
    size = "toy.training.batch_size"
    assert list_grid(read(space), {"toy": PARAMETERS}) == [
        {name: "sgd", size: 16, momentum: 0.0},
        {name: "sgd", size: 16, momentum: 0.5},
        {name: "sgd", size: 32, momentum: 0.0},
        {name: "sgd", size: 32, momentum: 0.5},
        {name: "adam", size: 16},
        {name: "adam", size: 32},
    ]


def test_a_grid_of_widths_lists_depths_and_widths() -> None:
    widths = {"depth": {"int": [1, 2]}, "width": {"choice": [4, 8]}}
    alike = read({"training": {"network": {"hidden": {"widths": widths}}}})[0]
    each = read({"training": {"network": {"hidden": {"widths": {**widths, "each": True}}}}})[0]
    assert alike.list_values() == [[4], [8], [4, 4], [8, 8]]
    assert each.list_values() == [[4], [8], [4, 4], [4, 8], [8, 4], [8, 8]]
    assert alike.encode([8, 8]) == {"toy.training.network.hidden.depth": 2, "toy.training.network.hidden.width": 8}
    assert each.encode([8, 4])["toy.training.network.hidden.width_2"] == 4


def test_a_condition_may_look_at_a_leaf_that_does_not_vary() -> None:
    momentum = {"float": [0.0, 0.9], "when": {"training.optimizer.name": ["sgd"]}}
    space = {"training": {"optimizer": {"options": {"momentum": momentum}}, "epochs": {"int": [1, 2]}}}
    assert list(draw(space, 0)) == ["toy.training.epochs"]


def test_a_leaf_comes_after_what_it_depends_on_and_a_circle_is_refused() -> None:
    space = {
        "preprocessing": {"scaling": {"choice": ["none"], "when": {"training.epochs": [1]}}},
        "training": {"epochs": {"choice": [1, 2]}},
    }
    assert [leaf.name for leaf in read(space)] == ["toy.training.epochs", "toy.preprocessing.scaling"]
    space["training"]["epochs"]["when"] = {"preprocessing.scaling": ["none"]}
    with pytest.raises(SpaceError, match=r"toy\.preprocessing\.scaling depends on itself"):
        read(space)


def test_whole_blocks_and_lists_can_be_chosen() -> None:
    blocks = [{"name": "sgd", "learning_rate": 0.1}, {"name": "adam"}]
    values = draw({"training": {"optimizer": {"choice": blocks}, "network": {"hidden": {"choice": [[8], [8, 4]]}}}}, 3)
    assert values["toy.training.optimizer"] in blocks
    assert values["toy.training.network.hidden"] in [[8], [8, 4]]


def test_a_variant_is_laid_below_the_other_leaves() -> None:
    merged = apply_trial_values(PARAMETERS, {"toy.variant": "wide", "toy.training.epochs": 2})
    assert merged["training"]["network"]["hidden"] == [512]
    assert merged["training"]["epochs"] == 2


def test_a_list_of_settings_is_a_space_of_its_own() -> None:
    leaves = space_of_settings([{"toy.variant": "wide"}, {"toy.training.epochs": 2}, {"toy.training.epochs": 3}])
    assert [(leaf.name, leaf.list_values()) for leaf in leaves] == [
        ("toy.variant", ["wide"]),
        ("toy.training.epochs", [2, 3]),
    ]
    assert encode_values(leaves, {"toy.training.epochs": 3}) == {"toy.training.epochs": 3}


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"training": {"epoch": {"int": [1, 2]}}},
            r"toy\.study\.space\.training\.epoch: .* no such key \(did you mean epochs",
        ),
        ({"training": {"optimizer": {"nam": {"choice": ["sgd"]}}}}, r"toy\.study\.space\.training\.optimizer\.nam"),
        ({"training": {"epochs": 3}}, r"toy\.study\.space\.training\.epochs = 3: say what may stand here"),
        ({"training": {"epochs": {"int": [3, 1]}}}, r"toy\.training\.epochs = \[3, 1\]: give \[lowest, highest\]"),
        ({"training": {"epochs": {"int": [1.5, 3]}}}, r"toy\.training\.epochs = \[1\.5, 3\]"),
        ({"training": {"epochs": {"float": [0, 1], "log": True}}}, r"above 0 for log"),
        ({"training": {"epochs": {"int": [1, 3], "stp": 1}}}, r"toy\.training\.epochs: int, stp do not go together"),
        ({"training": {"epochs": {"int": [1, 3], "choice": [1]}}}, r"int, choice do not go together"),
        ({"training": {"epochs": {"int": [1, 9], "log": True, "step": 2}}}, r"step 2: .* not together with log"),
        ({"training": {"epochs": {"choice": []}}}, r"toy\.training\.epochs = \[\]: give the values to choose from"),
        ({"training": {"epochs": {"choice": [1, 1]}}}, r"names a value twice"),
        ({"training": {"network": {"hidden": {"widths": {"depth": {"int": [1, 2]}}}}}}, r"widths take depth and width"),
        (
            {"training": {"network": {"hidden": {"widths": {"depth": 3, "width": 8}}}}},
            r"toy\.training\.network\.hidden\.depth = 3: describe it by one of float, int, choice, widths",
        ),
        (
            {"training": {"epochs": {"choices": [1]}}},
            r"space\.training\.epochs has choices: a leaf is described by one",
        ),
        (
            {"training": {"epochs": {"int": [1, 9], "log": "no"}}},
            r"toy\.training\.epochs, log = 'no': give true or fal",
        ),
        (
            when({"training.optimizr.name": ["sgd"]}),
            r"epochs, when: the parameters have no training\.optimizr\.name \(did you mean training\.optimizer\.nam",
        ),
        (when({"training.network.hidden.deep": [1]}), r"when: the parameters have no training\.network\.hidden\.deep"),
        (when({"preprocessing.scaling": ["non"]}), r"when: toy\.preprocessing\.scaling = 'non' is not one of 'none'"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused_by_name(space: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        read(space)


def test_a_leaf_that_an_environment_takes_back_does_not_vary() -> None:
    space = {"training": {"epochs": {"int": [1, 2]}, "batch_size": None, "network": None}}
    assert [leaf.name for leaf in read(space)] == ["toy.training.epochs"]


def test_a_mapping_with_free_keys_takes_new_ones() -> None:
    assert read({"training": {"optimizer": {"options": {"momentum": {"float": [0, 1]}}}}})[0].name == (
        "toy.training.optimizer.options.momentum"
    )


@pytest.mark.parametrize(
    ("leaf", "value", "message"),
    [
        ({"float": [0.0, 0.5]}, 0.7, r"dropout = 0\.7 lies outside 0 to 0\.5"),
        ({"choice": [0.1]}, 0.2, r"dropout = 0\.2 is not one of 0\.1"),
        ({"int": [1, 2]}, 1.5, r"dropout = 1\.5 lies outside"),
    ],
)
def test_a_value_outside_the_space_is_refused(leaf: dict[str, Any], value: float, message: str) -> None:
    leaves = read({"training": {"network": {"dropout": leaf}}})
    with pytest.raises(SpaceError, match=message):
        encode_values(leaves, {"toy.training.network.dropout": value})
    with pytest.raises(SpaceError, match=r"toy\.training\.epochs does not vary in this space"):
        encode_values(leaves, {"toy.training.epochs": 1})


def test_a_free_range_has_no_grid() -> None:
    with pytest.raises(SpaceError, match=r"toy\.training\.network\.dropout: a grid needs a step"):
        list_grid(read({"training": {"network": {"dropout": {"float": [0.0, 0.5]}}}}), {"toy": PARAMETERS})
