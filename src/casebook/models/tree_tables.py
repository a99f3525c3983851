"""Boosted trees as tables, and the descent of many rows through many trees at once: NumPy's and Keras's alike.

Each value is first replaced by its rank among the edges of its column, the values at which any tree tells rows apart.
A split is then a stretch of `turns`: which way a rank goes, for numbers, categories and missing values the same. The
children of a node stand side by side, so that a descent is `children[node] + turn`; a leaf is its own child.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# Trees that descend together: the tables of so many stay in the processor's cache, and memory is bounded by the rows.
GROUP_TREES = 128
# Leaves are summed as LightGBM sums them; edges in 16 bits would send rows the other way.
TABLE_TYPES = {
    "edges": "float32", "missing_ranks": "int32", "columns": "int32", "starts": "int32", "turns": "uint8",
    "children": "int32", "values": "float64", "classes": "float64",
}  # fmt: skip


@dataclass(frozen=True)
class TreeTables:
    """Trees in the order of their depth, deepest first; the roots are the first nodes.

    Attributes:
        edges: ascending, filled up with infinity, (columns, edges); the rank of a value is how many are below it.
        missing_ranks: rank of NaN by column, (columns,).
        columns: that a node looks at, (nodes,).
        starts: where the turns of a node begin, that of rank 0, (nodes,).
        turns: 0 to the left, 1 to the right.
        children: the left child of a node, which the right one follows; a leaf itself, (nodes,).
        values: of leaves, (nodes,).
        classes: 1 for the class that a tree's values count for, else 0, (trees, classes).
        moving: for each group of `GROUP_TREES` how many of its trees are deeper than 0, 1, ... splits.
        activation: `sigmoid`, `softmax` or `linear`, of the sums.
        target_scale: `log` where the sums are logarithms of 1 + target, else `none`.
    """

    edges: np.ndarray
    missing_ranks: np.ndarray
    columns: np.ndarray
    starts: np.ndarray
    turns: np.ndarray
    children: np.ndarray
    values: np.ndarray
    classes: np.ndarray
    moving: list[list[int]]
    activation: str
    target_scale: str

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The tables by name, of the types of `TABLE_TYPES`."""
        found = asdict(self)
        return {name: np.asarray(found[name], kind) for name, kind in TABLE_TYPES.items()}

    @property
    def shapes(self) -> dict[str, list[int]]:
        """The shapes of the tables by name."""
        return {name: list(table.shape) for name, table in self.arrays.items()}


def descend_groups(
    take: Callable[[Any, Any], Any],
    join: Callable[[list[Any]], Any],
    tables: Mapping[str, Any],
    ranks: Any,  # noqa: ANN401 - an array, or a tensor
    places: Any,  # noqa: ANN401
    moving: Sequence[Sequence[int]],
) -> Iterator[tuple[Any, slice]]:
    """Send rows down each group of trees.

    Args:
        take: picks entries of a table; NumPy's or TensorFlow's.
        join: puts stretches of trees behind each other.
        tables: by name, see `TreeTables`.
        ranks: of all values, (rows * columns,).
        places: of each row's first value among them, (1, rows).
        moving: see `TreeTables`.

    Yields:
        The values of the leaves that were reached, (trees of the group, rows), and which trees these are.
    """
    trees = tables["classes"].shape[0]
    for number, levels in enumerate(moving):
        group = slice(number * GROUP_TREES, min(trees, (number + 1) * GROUP_TREES))
        nodes = np.arange(group.start, group.stop, dtype=np.int32)[:, None] + 0 * places
        arrived: list[Any] = []
        for count in levels:
            # The deepest trees come first: those whose leaves are all reached need no further step.
            arrived, nodes = [nodes[count:], *arrived], nodes[:count]
            rank = take(ranks, places + take(tables["columns"], nodes))
            nodes = take(tables["children"], nodes) + take(tables["turns"], take(tables["starts"], nodes) + rank)
        yield take(tables["values"], join([nodes, *arrived])), group


class NumpyTreeEnsemble:
    """Predict with boosted trees, as `tree_layers.TreeEnsemble` does."""

    def __init__(
        self, step: dict[str, Any], tables: dict[str, np.ndarray], activate: Callable[..., np.ndarray]
    ) -> None:
        """Store the tables; whole numbers in the processor's own width, by which NumPy indexes."""
        self.step, self.activate = step, activate
        self.tables = {n: t if t.dtype.kind == "f" else t.astype(np.intp) for n, t in tables.items()}

    def __call__(self, *blocks: np.ndarray) -> np.ndarray:
        """Predict rows of the blocks `codes`, `ids` and `numbers`; float32 of shape (rows, outputs)."""
        features = np.concatenate([block.astype(np.float32) for block in blocks], axis=1)
        rows, columns = features.shape
        ranks = np.empty((rows, columns), np.intp)
        for column, edges in enumerate(self.tables["edges"]):
            ranks[:, column] = np.searchsorted(edges, features[:, column])
        ranks = np.where(np.isnan(features), self.tables["missing_ranks"], ranks)
        places = np.arange(0, rows * columns, max(1, columns))[None, :]
        sums = np.zeros((rows, self.tables["classes"].shape[1]))
        for values, trees in descend_groups(
            np.take, np.concatenate, self.tables, ranks.ravel(), places, self.step["moving"]
        ):
            sums += values.T @ self.tables["classes"][trees]
        outputs = self.activate(sums)
        if self.step["target_scale"] == "log":
            outputs = np.expm1(outputs)
        if outputs.shape[1] < self.step["outputs"]:
            outputs = np.concatenate([1 - outputs, outputs], axis=1)
        return outputs.astype(np.float32)
