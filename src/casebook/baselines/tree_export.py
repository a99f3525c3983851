"""LightGBM's trees as tables that a network holds and that are served without LightGBM."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.models.tree_tables import GROUP_TREES, TreeTables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from casebook.baselines.gradient_boosting import BoostedTrees

Node = dict[str, Any]
# By the first word of LightGBM's objective.
ACTIVATIONS = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}
# Numbers up to this far from 0 are 0 to LightGBM (its kZeroThreshold).
ZERO = np.float32(1e-35)
DUMPED_INFINITY = 1e300
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class _FlatTree:
    """The nodes of a tree, level by level; of each the place of its left child, which the right one follows.

    Attributes:
        nodes: as LightGBM dumps them.
        lefts: -1 for a leaf.
        depth: splits on the longest way.
    """

    nodes: list[Node]
    lefts: list[int]
    depth: int


def tabulate_trees(trees: BoostedTrees, outputs: int) -> TreeTables:
    """Turn fitted trees into tables; they predict the same up to the rounding of their outputs to float32.

    Args:
        trees: of LightGBM; its public dump is read, up to the best iteration.
        outputs: of the network that they stand beside. Of more classes than that the last ones are left out, which only
            validation rows hold: a network knows nothing of them.
    """
    dump = trees.booster.dump_model()
    objective, of_iteration = dump["objective"].split(), dump["num_tree_per_iteration"]
    numbered = [(info["tree_index"] % of_iteration, _flatten(info["tree_structure"])) for info in dump["tree_info"]]
    known = [each for each in numbered if each[0] < max(1, outputs)]
    ordered = sorted(known, key=lambda each: -each[1].depth)
    flat = [tree for _, tree in ordered]
    nodes = [node for tree in flat for node in tree.nodes[:1]] + [node for tree in flat for node in tree.nodes[1:]]
    edges, missing_ranks = _list_edges(nodes, dump["max_feature_idx"] + 1)
    starts, turns = _list_turns(nodes, edges, missing_ranks)
    factor = next((float(word.partition(":")[2]) for word in objective if word.startswith("sigmoid:")), 1.0)
    return TreeTables(
        _stack_edges(edges),
        missing_ranks,
        np.array([node.get("split_feature", 0) for node in nodes]),
        starts,
        turns,
        _number_children(flat),
        np.array([factor * node.get("leaf_value", 0.0) for node in nodes]),
        np.eye(min(of_iteration, max(1, outputs)))[[number for number, _ in ordered]],
        [_count_moving(flat[first : first + GROUP_TREES]) for first in range(0, len(flat), GROUP_TREES)],
        ACTIVATIONS[objective[0]],
        trees.target_scale,
    )


def _count_moving(group: Sequence[_FlatTree]) -> list[int]:
    return [sum(tree.depth > level for tree in group) for level in range(group[0].depth)]


def _flatten(root: Node) -> _FlatTree:
    nodes, lefts, levels = [root], [], [0]
    # A tree may be deeper than Python's stack.
    for place, node in enumerate(nodes):
        lefts.append(len(nodes) if "split_feature" in node else -1)
        if "split_feature" in node:
            nodes += [node["left_child"], node["right_child"]]
            levels += [levels[place] + 1] * 2
    return _FlatTree(nodes, lefts, levels[-1])


def _number_children(flat: Sequence[_FlatTree]) -> np.ndarray:
    """Number the left children among the nodes of all trees, of which the roots come first; a leaf has itself."""
    children = list(range(len(flat)))
    firsts = accumulate((len(tree.nodes) - 1 for tree in flat), initial=len(flat))
    for root, (tree, first) in enumerate(zip(flat, firsts, strict=False)):
        places = [root, *range(first, first + len(tree.nodes) - 1)]
        found = [own if left < 0 else places[left] for own, left in zip(places, tree.lefts, strict=True)]
        children[root] = found[0]
        children += found[1:]
    return np.array(children)


def _list_edges(nodes: Iterable[Node], columns: int) -> tuple[list[np.ndarray], np.ndarray]:
    """List the edges of each column, and the rank of its missing values."""
    found: list[set[np.float32]] = [set() for _ in range(columns)]
    kinds = ["None"] * columns
    for node in nodes:
        if "split_feature" in node:
            found[node["split_feature"]] |= set(_edges_of(node))
            kinds[node["split_feature"]] = "==" if node["decision_type"] == "==" else node["missing_type"]
    edges = [np.array(sorted(each), np.float32) for each in found]
    # What is missing is no category, and counts as the number 0 unless it has a way of its own.
    ranks = [
        {"NaN": len(each) + 1, "==": 0}.get(kind, np.searchsorted(each, 0))
        for each, kind in zip(edges, kinds, strict=True)
    ]
    return edges, np.array(ranks)


def _edges_of(node: Node) -> list[np.float32]:
    """Return the values up to which rows are alike to a split."""
    if node["decision_type"] == "==":
        # A category is its number and what is cut off to it; below 0 nothing is one.
        numbers = [int(number) for number in node["threshold"].split("||")]
        return [
            edge for number in numbers for edge in (_below(number) if number else np.float32(-1), _below(number + 1))
        ]
    zero = [-np.nextafter(ZERO, np.float32(1)), ZERO] if node["missing_type"] == "Zero" else []
    threshold, exact = np.float32(np.clip(_threshold(node), -LARGEST, LARGEST)), _threshold(node)
    if exact == np.inf:
        return [*zero, np.float32(np.inf)]
    # In 64 bits: NumPy would round the exact one to 32 before it compares.
    return [*zero, threshold if float(threshold) <= exact else np.nextafter(threshold, np.float32(-np.inf))]


def _threshold(node: Node) -> float:
    """Return a threshold as LightGBM predicts by it: the dump has an infinite one as 1e300."""
    exact = float(node["threshold"])
    return float(np.copysign(np.inf, exact)) if abs(exact) >= DUMPED_INFINITY else exact


def _below(number: int) -> np.float32:
    return np.float32(np.nextafter(np.float32(number), np.float32(-np.inf)))


def _stack_edges(edges: Sequence[np.ndarray]) -> np.ndarray:
    most = max((len(each) for each in edges), default=0)
    return np.stack([np.pad(each, (0, most - len(each)), constant_values=np.inf) for each in edges])


def _list_turns(
    nodes: Iterable[Node], edges: Sequence[np.ndarray], missing_ranks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """List which way each rank goes at each node; nodes that share a stretch of turns share its place."""
    most = max(map(len, edges), default=0) + 2
    # Numbers go left up to some rank: a window of these.
    turns = bytearray([0] * most + [1] * most)
    places: dict[bytes, int] = {}
    starts = []
    # The greatest value of each rank stands for all.
    samples = [
        np.append(each, [np.inf, *([np.nan] * int(rank > len(each)))])
        for each, rank in zip(edges, missing_ranks, strict=True)
    ]
    for node in nodes:
        right = _goes_right(node, samples[node["split_feature"]]) if "split_feature" in node else np.zeros(most, bool)
        if (np.diff(right.astype(np.int8)) >= 0).all():
            starts.append(most - int((~right).sum()))
            continue
        stretch = right.astype(np.uint8).tobytes()
        if stretch not in places:
            places[stretch] = len(turns)
            turns += stretch
        starts.append(places[stretch])
    return np.array(starts), np.frombuffer(bytes(turns), np.uint8)


def _goes_right(node: Node, values: np.ndarray) -> np.ndarray:
    """Decide as LightGBM does."""
    if node["decision_type"] == "==":
        numbers = [int(number) for number in node["threshold"].split("||")]
        return np.asarray(~((values > -1) & np.isin(np.trunc(values), numbers)))
    missing = {"NaN": np.isnan(values), "Zero": np.abs(values) <= ZERO}.get(
        node["missing_type"], np.zeros(len(values), bool)
    )
    return np.asarray(~np.where(missing, node["default_left"], values <= _threshold(node)))
