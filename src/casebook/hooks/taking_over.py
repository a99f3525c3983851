"""A run of a part of a pipeline takes over files of an earlier run, and the parameters with which they were made."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from casebook.caching.lineage import PARAMETERS
from casebook.cases.registry import load_case
from casebook.config.loader import read_case
from casebook.config.resolve import resolve_case
from casebook.config.schema import FREE_MAPPINGS
from casebook.config.tree import NOT_THERE, flatten, look_up, overlay, unflatten
from casebook.run_folders.finding import finished_trainings
from casebook.run_folders.folder import RunFolder
from casebook.stages.tagged_nodes import find_idle_parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

    from casebook.datasets.run_files import RunFiles

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class TakenOver:
    """What a run takes over.

    Attributes:
        source: the folder of the earlier run.
        names: datasets whose files are taken over.
        blocks: of parameters that they were made with, by dotted name, the case in front.
    """

    source: RunFolder
    names: list[str]
    blocks: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """The leaves of these blocks."""
        return flatten(self.blocks)

    def effective(self, case: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the case's parameters as they hold for this run: those of the earlier run where it was they."""
        # The names of columns may hold dots, and what is said of columns is taken whole.
        return overlay({case: parameters}, unflatten(self.blocks), FREE_MAPPINGS | {"data"})[case]  # type: ignore[no-any-return]


def find_taken_over(
    context: KedroContext, case: str, pipeline: Pipeline, files: RunFiles, own: RunFolder | None = None
) -> TakenOver | None:
    """Find what a pipeline reads that none of its nodes makes, and the run whose files are taken over for it.

    Args:
        context: of the command.
        case: its case.
        pipeline: the nodes that run.
        files: those datasets that lie in the folder of a run.
        own: the folder of a run that goes on, in which they may lie already.

    Returns:
        What is taken over; nothing where all begins with raw files.

    Raises:
        UsageError: no run holds it, or this command has other parameters for what is taken over.
    """
    graph = load_case(case).create_pipeline()
    needed = sorted(pipeline.inputs() & graph.all_outputs())
    if not needed:
        return None
    makers = graph.to_outputs(*needed).nodes
    unkept = [name for name in needed if name not in files]
    if unkept:
        maker = next(node.name for node in makers if unkept[0] in node.outputs)
        raise click.UsageError(f"{unkept[0]} is not kept in a file: begin with the node that makes it, {maker}")
    parameters = context.params[case]
    if own is not None and _lacking(own, needed, files) == []:
        source = own
    else:
        source = _find_source(case, needed, files, parameters["from_run"])
    facts = source.read()
    taken = TakenOver(source, needed, _blocks_of(makers, {case: facts.parameters} if facts else {}))
    _refuse_conflicts(context, case, taken, makers)
    return taken


def check_stated(case: str, run_id: str) -> None:
    """Check that the run from which files shall be taken over has a folder.

    Raises:
        UsageError: it has none.
    """
    if run_id and RunFolder(case, run_id).read() is None:
        there = ", ".join(found.run_id for found, _ in finished_trainings(case)) or "none"
        raise click.UsageError(
            f"{case}.from_run: there is no folder of run {run_id}; of finished runs there are {there}"
        )


def _find_source(case: str, needed: list[str], files: RunFiles, stated: str) -> RunFolder:
    """Find the stated run, else the newest finished one that holds what is needed."""
    if stated:
        folder = RunFolder(case, stated)
        lacking = _lacking(folder, needed, files)
        if lacking:
            raise click.UsageError(f"{case}.from_run: run {stated} holds no {', '.join(lacking)}; name another run")
        return folder
    passed_over: list[str] = []
    for folder, _ in finished_trainings(case):
        lacking = _lacking(folder, needed, files)
        if not lacking:
            for said in passed_over:
                LOGGER.warning("%s, so files of run %s are taken over", said, folder.run_id)
            return folder
        passed_over.append(f"the newer run {folder.run_id} holds no {', '.join(lacking)}")
    raise click.UsageError(
        f"no finished run of {case} holds {', '.join(needed)}: run `kedro run --pipeline={case}` first, or name a run "
        f"that was broken off after it had made them with {case}.from_run=<run id>"
    )


def _lacking(folder: RunFolder, needed: list[str], files: RunFiles) -> list[str]:
    return [name for name in needed if not files.place(name, folder).exists()]


def _blocks_of(makers: list[Node], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that these nodes take, as an earlier run had them."""
    taken = [name for node in makers for name in _list_parameters(node, earlier)]
    found = {name: look_up(earlier, name, NOT_THERE) for name in taken}
    return {name: value for name, value in found.items() if value != NOT_THERE}


def _list_parameters(node: Node, earlier: Mapping[str, Any]) -> list[str]:
    """List the names of the parameters that a node goes by."""
    names = [name.removeprefix(PARAMETERS) for name in node.inputs if name.startswith(PARAMETERS)]
    idle = find_idle_parameters(node.inputs, lambda block: look_up(earlier, block, {}))
    return [name for name in names if name not in idle]


def _refuse_conflicts(context: KedroContext, case: str, taken: TakenOver, makers: list[Node]) -> None:
    """Refuse what this command has chosen for nodes whose work is taken over; say where they were made otherwise.

    Raises:
        UsageError: a parameter that was given, or that the given variant states, is another one.
    """
    given = flatten(context._runtime_params or {})
    usual = flatten({case: resolve_case(case, read_case(case, context.env or "local"), {})})
    other, chosen = find_conflicts(taken, {case: context.params[case]}, usual, given)
    if chosen:
        key, (before, now) = next(iter(chosen.items()))
        earlier = unflatten(taken.blocks)
        maker = next(
            node.name for node in makers if any(_covers(name, key) for name in _list_parameters(node, earlier))
        )
        raise click.UsageError(
            f"{key} is {now}, but {maker} does not run: its work is taken over from run {taken.source.run_id}, where "
            f"it was {before}. Begin with it (--from-nodes={maker}), leave {key} out, or name a run that was made so "
            f"with {case}.from_run=<run id>"
        )
    if other:
        told = "; ".join(f"{name} was {before} and is {now} now" for name, (before, now) in other.items())
        LOGGER.warning("taken over from run %s, with its parameters: %s", taken.source.run_id, told)


def find_conflicts(
    taken: TakenOver, parameters: Mapping[str, Any], usual: Mapping[str, Any], given: Collection[str]
) -> tuple[dict[str, tuple[Any, Any]], dict[str, tuple[Any, Any]]]:
    """Find the leaves of what is taken over that differ now.

    Args:
        taken: what is taken over.
        parameters: of this command, below the case's name.
        usual: leaves without variant and command line.
        given: leaves of the command line.

    Returns:
        By leaf its value then and now; and those of them that this command has chosen. An entry that a user adds to a
        mapping, as of a column's imputation, is one of them.
    """
    before = taken.values
    now = flatten({name: look_up(parameters, name, NOT_THERE) for name in taken.blocks})
    differing = {
        name: (before.get(name, NOT_THERE), now.get(name, NOT_THERE))
        for name in {**before, **now}
        if name not in before or name not in now or before[name] != now[name]
    }
    wanted = {name for name in now if name in given or now[name] != usual.get(name)}
    # What an earlier version of the project did not state, and what was said of no column, differ in nothing.
    other = {name: values for name, values in differing.items() if NOT_THERE not in values and {} not in values}
    return other, {name: values for name, values in differing.items() if name in wanted and values[1] != {}}


def _covers(name: str, key: str) -> bool:
    """Return whether a parameter is, or has, a leaf of this name."""
    return f"{key}.".startswith(f"{name}.")
