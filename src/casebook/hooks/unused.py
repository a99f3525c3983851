"""Parameters of the command line that nothing takes which this command runs: they are told, lest they seem to hold."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from casebook.caching.lineage import PARAMETERS
from casebook.config.tree import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kedro.pipeline import Pipeline

LOGGER = logging.getLogger(__name__)
# Read where rows are, besides by nodes.
READ_ELSEWHERE = ("data",)


def tell_unused(
    case: str, given: Mapping[str, object], running: Iterable[Pipeline], pipelines: Iterable[Pipeline]
) -> list[str]:
    """Warn of given parameters that nodes of the case take, but none that runs.

    Args:
        case: its name.
        given: leaves of the command line below it.
        running: the pipeline that runs, and those whose parameters hold for it.
        pipelines: all of the case.

    Returns:
        The dotted names.
    """
    leaves = {
        name: value for name, value in flatten(given, f"{case}.").items() if name.split(".")[1] not in READ_ELSEWHERE
    }
    if not leaves:
        return []
    taken, known = _blocks(running), _blocks(pipelines)
    unused = [name for name in leaves if _is_below(name, known) and not _is_below(name, taken)]
    if unused:
        told = ", ".join(f"{name}={leaves[name]}" for name in unused)
        LOGGER.warning("%s: nothing that this command runs goes by it", told)
    return unused


def _blocks(pipelines: Iterable[Pipeline]) -> set[str]:
    inputs = {name for pipeline in pipelines for name in pipeline.inputs()}
    return {f"{name.removeprefix(PARAMETERS)}." for name in inputs if name.startswith(PARAMETERS)}


def _is_below(name: str, blocks: set[str]) -> bool:
    return any(f"{name}.".startswith(block) for block in blocks)
