"""One line for one fault, wherever it stands: a wrong key with the nearest right one, a wrong value with its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from casebook.cases.registry import CASES
from casebook.config.loader import read_case
from casebook.config.resolve import InvalidParametersError, resolve_case
from casebook.config.tree import flatten, overlay, unflatten

if TYPE_CHECKING:
    from collections.abc import Iterator

# Mappings and lists of blocks that the user fills: their keys are names of columns, variants and the like.
OWN_KEYS = {
    "variants", "space", "leaks", "keys", "encoding", "impute", "clip", "nearest_lower_within", "options", "labels",
    "rename", "join_on", "arrays",
}  # fmt: skip
# Mappings whose keys are the user's, and whose values are blocks.
OF_BLOCKS = {"tables", "columns", "features"}
WRONG = [{"a": [1]}, [[{}]], "§"]


def list_blocks(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """List the blocks of a tree with their keys."""
    if prefix.rstrip(".").rpartition(".")[2] not in OF_BLOCKS:
        yield prefix, list(tree)
    for name, below in tree.items():
        if isinstance(below, dict) and name not in OWN_KEYS:
            yield from list_blocks(below, f"{prefix}{name}.")


def explain(case: str, tree: dict[str, Any], name: str, value: object) -> list[str]:
    """Put a value in a place of otherwise right parameters -> the lines that it is refused with."""
    with pytest.raises(InvalidParametersError) as told:
        resolve_case(case, overlay(tree, unflatten({name: value})), {})
    return str(told.value).splitlines()


def refusal(case: str, tree: dict[str, Any]) -> list[str]:
    """Give the lines that parameters are refused with; none where they may be used."""
    try:
        resolve_case(case, tree, {})
    except InvalidParametersError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_key_is_one_line_with_the_nearest_key_of_its_block(case: str) -> None:
    tree = resolve_case(case, read_case(case, "base"), {})
    blocks = list(list_blocks(tree))
    assert len(blocks) > 15
    for prefix, keys in blocks:
        for key in keys:
            (line,) = explain(case, tree, f"{prefix}{key}_", 1)
            assert line.startswith(f"{case}.{prefix}{key}_: unknown key; did you mean {key}? the keys here are "), line


@pytest.mark.parametrize("case", ["pima", "rossmann", "mnist", "imdb"])
def test_a_wrong_value_is_one_line_by_its_dotted_key(case: str) -> None:
    tree = resolve_case(case, read_case(case, "base"), {})
    leaves = [name for name in flatten(tree) if OWN_KEYS.isdisjoint(name.split(".")) and name != "target"]
    assert len(leaves) > 80
    for name in leaves:
        replaced = [overlay(tree, unflatten({name: wrong}), {name.rpartition(".")[2]}) for wrong in WRONG]
        for lines in filter(None, (refusal(case, each) for each in replaced)):
            assert len(lines) == 1, lines
            assert lines[0].startswith(f"{case}.{name.partition('.')[0]}"), lines


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "training.optimizer.options.beta_1", "x",
            "training.optimizer.options.beta_1 = 'x': must be a valid number or a valid boolean: true or false",
        ),
        (
            "study.first", [3],
            "study.first.0 = 3: must be a valid string: write it in quotes, an empty one as '' or a valid dictionary",
        ),
        ("study.name", 2024, "study.name = 2024: must be a valid string: write it in quotes, an empty one as ''"),
        (
            "reference.name", "logistic_image",
            (
                "reference: max_leaf_nodes, min_samples_leaf are keys of the kind boosted_trees: "
                "leave them out, or name that kind"
            ),
        ),
        (
            "preprocessing.vocabulary", 5,
            "preprocessing: vocabulary is a key of the kind text: leave it out, or name that kind",
        ),
        (
            "preprocessing.scalling", "none",
            (
                "preprocessing.scalling: unknown key; did you mean scaling? the keys here are clip, columns, "
                "drop_first, encoding, impute, min_frequency, modality, nearest_lower_within, onehot_width, scaling, "
                "skewed, target_prior_rows, time_index"
            ),
        ),
    ],
)  # fmt: skip
def test_the_members_of_a_union_complain_together(name: str, value: object, line: str) -> None:
    assert explain("pima", read_case("pima", "base"), name, value) == [f"pima.{line}"]
