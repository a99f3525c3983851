"""Nodes tagged with their stage and with where they may run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro.pipeline import Node, node

from casebook.config.tree import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# Tag of the nodes that only a study runs.
STUDY = "study"
# Input of the node that trains.
TRAINING_SESSION = "training_session"
# Tag of the nodes that may run in another process while the network is trained; see `casebook.background`.
BACKGROUND = "background"
# Tag of those among them whose outputs later runs of the same inputs, settings and code take over.
CACHED = "kept"


def find_idle_parameters(inputs: Iterable[str], block: Callable[[str], Mapping[str, Any]]) -> set[str]:
    """Find the parameters that a node takes and does not go by: none but those of a training.

    It goes by the study where it searches before it, and by the reference where that is in its ensemble.

    Args:
        inputs: of the node.
        block: returns the block of parameters of a name, as `<case>.training`.

    Returns:
        Names of blocks, as `<case>.study`.
    """
    cases = [name.removesuffix(f".{TRAINING_SESSION}") for name in inputs if name.endswith(f".{TRAINING_SESSION}")]
    counts_by = {"study": "time_budget", "reference": "ensemble.reference"}
    return {
        f"{case}.{name}"
        for case in cases
        for name, key in counts_by.items()
        if not look_up(block(f"{case}.training"), key, default=False)
    }


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
