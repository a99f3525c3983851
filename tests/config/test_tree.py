"""Trees of parameters: flatten, unflatten, look up, overlay, differ."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.config.tree import differ, flatten, look_up, merge, overlay, unflatten

TREE = {"variant": "wide", "training": {"epochs": 3, "network": {"hidden": [4, 2], "options": {}}}}
FLAT = {
    "variant": "wide", "training.epochs": 3, "training.network.hidden": [4, 2], "training.network.options": {},
}  # fmt: skip
trees = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abcd"), below, max_size=4),
    max_leaves=8,
).filter(lambda tree: isinstance(tree, dict))


def test_leaves_have_dotted_names_and_lists_and_empty_mappings_are_leaves() -> None:
    assert flatten(TREE) == FLAT
    assert list(flatten(TREE)) == list(FLAT)
    assert flatten({"epochs": 3}, "pima.training.") == {"pima.training.epochs": 3}
    assert flatten({}) == {}


@given(trees)
def test_a_flattened_tree_is_made_whole_again(tree: dict[str, Any]) -> None:
    assert unflatten(flatten(tree)) == tree


def test_a_leaf_or_a_block_is_looked_up_by_its_dotted_name() -> None:
    assert look_up(TREE, "training.network.hidden") == [4, 2]
    assert look_up(TREE, "training.network") == {"hidden": [4, 2], "options": {}}


@pytest.mark.parametrize("name", ["split", "training.batch_size", "variant.name", "training.epochs.first"])
def test_a_name_that_is_not_there_is_an_error_or_the_default(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        look_up(TREE, name)
    assert look_up(TREE, name, None) is None


def test_what_differs_is_told_by_leaf_with_both_values() -> None:
    after = {"variant": "wide", "training": {"epochs": 4, "network": {"hidden": [4, 2], "dropout": None}}}
    assert list(differ(TREE, after)) == [
        ("training.epochs", 3, 4),
        ("training.network.dropout", "not there", None),
        ("training.network.options", {}, "not there"),
    ]


@given(trees)
def test_a_tree_differs_in_nothing_from_itself(tree: dict[str, Any]) -> None:
    assert list(differ(tree, deepcopy(tree))) == []


def filled(tree: dict[str, Any]) -> dict[str, Any]:
    """Leave empty mappings out: an overlay adds nothing by them."""
    return {name: value for name, value in flatten(tree).items() if value != {}}


@given(trees, trees)
def test_neither_tree_is_modified(below: dict[str, Any], above: dict[str, Any]) -> None:
    kept = deepcopy((below, above))
    merged = overlay(below, above)
    for values in filled(merged).values():
        if isinstance(values, list):
            values.append(0)
    assert (below, above) == kept


@given(trees, trees, st.sets(st.sampled_from("abcd")))
def test_a_merged_tree_is_the_overlaid_one_in_its_order(
    below: dict[str, Any], above: dict[str, Any], atomic: set[str]
) -> None:
    kept = deepcopy((below, above))
    merged = merge(below, above, atomic)
    assert list(merged) == [*below, *(name for name in above if name not in below)]
    assert all(merged[name] == above[name] for name in atomic & above.keys())
    assert str(merged) == str(overlay(below, above, atomic))
    assert (below, above) == kept


@given(trees, trees)
def test_every_leaf_above_wins(below: dict[str, Any], above: dict[str, Any]) -> None:
    merged = filled(overlay(below, above))
    assert {key: merged.get(key) for key in filled(above)} == filled(above)


@given(trees, trees)
def test_leaves_come_from_above_or_below_and_from_nowhere_else(below: dict[str, Any], above: dict[str, Any]) -> None:
    known = filled(below) | filled(above)
    assert all(known.get(key) == value for key, value in filled(overlay(below, above)).items())


@given(trees)
def test_a_tree_over_itself_or_with_nothing_is_the_tree(tree: dict[str, Any]) -> None:
    assert overlay(tree, tree) == overlay(tree, {}) == overlay({}, tree) == tree


@given(trees, trees)
def test_laying_the_same_tree_over_it_again_changes_nothing(below: dict[str, Any], above: dict[str, Any]) -> None:
    once = overlay(below, above)
    assert overlay(once, above) == once


@given(trees, trees)
def test_a_mapping_that_counts_as_one_leaf_is_replaced_whole(below: dict[str, Any], above: dict[str, Any]) -> None:
    merged = overlay({"options": below}, {"options": above}, atomic={"options"})
    assert merged == {"options": above}


def test_the_order_is_that_of_the_lower_tree_and_what_is_new_comes_last() -> None:
    # Of a case's tables the first holds the rows.
    merged = overlay({"rows": {"a": 1}, "joined": {"b": 2}}, {"new": 3, "joined": {"c": 4}, "rows": {"a": 5}})
    assert [*merged.items()] == [("rows", {"a": 5}), ("joined", {"b": 2, "c": 4}), ("new", 3)]


def test_lists_are_replaced_and_not_joined() -> None:
    assert overlay({"hidden": [1, 2], "x": {"y": 1, "z": 2}}, {"hidden": [3], "x": {"y": 4}}) == {
        "hidden": [3],
        "x": {"y": 4, "z": 2},
    }
