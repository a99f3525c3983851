"""Trees of parameters: flatten to dotted names and back, look up, overlay, differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Tree = dict[str, Any]
# Placeholder in a difference for the value of a name that only the other tree has.
NOT_THERE = "not there"
_REQUIRED = object()
COPIED = (dict, list)


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Tree:
    """Return the leaves of a tree by dotted name; lists and empty mappings are leaves.

    Args:
        tree: nested mappings.
        prefix: put before every name, its dot included.
    """
    flat: Tree = {}
    for key, value in tree.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return flat


def unflatten(flat: Mapping[str, Any]) -> Tree:
    """Return the tree of values by dotted name."""
    tree: Tree = {}
    for name, value in flat.items():
        *path, leaf = name.split(".")
        below = tree
        for word in path:
            below = below.setdefault(word, {})
        below[leaf] = value
    return tree


def look_up(tree: Mapping[str, Any], name: str, default: Any = _REQUIRED) -> Any:  # noqa: ANN401 - any leaf or block
    """Return the leaf or block of a dotted name.

    Args:
        tree: nested mappings.
        name: words joined by dots.
        default: returned where the tree has no such name.

    Raises:
        KeyError: there is no such name, and no default.
    """
    below: Any = tree
    for word in name.split("."):
        if not isinstance(below, dict) or word not in below:
            if default is _REQUIRED:
                raise KeyError(name)
            return default
        below = below[word]
    return below


def overlay(tree: Mapping[str, Any], leaves: Mapping[str, Any], atomic: Collection[str] = ()) -> Tree:
    """Overlay a tree with a partial one; lists and other leaves are replaced, mappings merged.

    Args:
        tree: what lies below.
        leaves: what lies above.
        atomic: names of mappings that count as one leaf and are replaced.

    Returns:
        A new tree; neither input is modified.
    """
    return {key: copy_tree(value) for key, value in merge(tree, leaves, atomic).items()}


def merge(tree: Mapping[str, Any], leaves: Mapping[str, Any], atomic: Collection[str] = ()) -> Tree:
    """Overlay a tree with a partial one as `overlay` does, without a copy: the blocks of the inputs are in the result.

    For what is read and never modified; a copy takes longer than the rest of it.
    """
    # In the tree's order, which counts: of a case's tables the first holds the rows.
    merged = {**tree, **leaves}
    for key in leaves.keys() & tree.keys():
        below, value = tree[key], leaves[key]
        if isinstance(below, dict) and isinstance(value, dict) and key not in atomic:
            merged[key] = merge(below, value, atomic)
    return merged


def copy_tree(value: Any) -> Any:  # noqa: ANN401 - any leaf or block
    """Copy mappings and lists; what else YAML holds cannot be modified, and deepcopy takes several times as long."""
    # A call for each leaf would take more than half of the time.
    if isinstance(value, dict):
        return {key: copy_tree(below) if isinstance(below, COPIED) else below for key, below in value.items()}
    if isinstance(value, list):
        return [copy_tree(each) if isinstance(each, COPIED) else each for each in value]
    return value


def differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """List the leaves in which two trees differ, those of the second first: dotted name, before, after."""
    old, new = flatten(before), flatten(after)
    for name in {**new, **old}:
        if name not in old or name not in new or old[name] != new[name]:
            yield name, old.get(name, NOT_THERE), new.get(name, NOT_THERE)
