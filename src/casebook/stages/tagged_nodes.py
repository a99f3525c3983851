"""Nodes tagged with their stage and with where they may run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro.pipeline import Node, node

if TYPE_CHECKING:
    from collections.abc import Callable

# Tag of the nodes that only a study runs.
STUDY = "study"
# Tag of the nodes that may run in another process while the network is trained; see `casebook.background`.
BACKGROUND = "background"
# Tag of those among them whose outputs later runs of the same inputs, settings and code take over.
CACHED = "kept"


def stage(
    tag: str,
    function: Callable[..., Any],
    inputs: list[str] | None,
    outputs: str | list[str] | None,
    name: str | None = None,
    background: bool = False,
    kept: bool = False,
) -> Node:
    """Create a node named after its function and tagged with its stage.

    Args:
        tag: the stage, for `--tags` and the seconds in the summary.
        function: a pure function.
        inputs: dataset names, parameters as `params:<block>`.
        outputs: dataset names.
        name: where the function's own name does not say it.
        background: whether it may run in the background process during the training; see `casebook.background`.
        kept: whether later runs take over what it made there of the same inputs, settings and code.
    """
    tags = [tag, *([BACKGROUND] if background else []), *([CACHED] if kept else [])]
    return node(function, inputs, outputs, name=name or function.__name__, tags=tags)
