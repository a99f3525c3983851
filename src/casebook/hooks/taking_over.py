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
from casebook.config.tree import NOT_THERE, flatten, look_up, overlay, unflatten
from casebook.run_folders.finding import finished_trainings
from casebook.run_folders.folder import RunFolder
from casebook.stages.tagged_nodes import find_idle_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        values: of all parameters that they were made with, by dotted name, the case in front.
    """

    source: RunFolder
    names: list[str]
    values: Mapping[str, Any]

    def effective(self, case: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the case's parameters as they hold for this run: those of the earlier run where it was they."""
        return overlay({case: parameters}, unflatten(self.values))[case]  # type: ignore[no-any-return]


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
    values = _values_of(makers, {case: facts.parameters} if facts else {})
    _refuse_conflicts(context, case, values, makers, source)
    return TakenOver(source, needed, values)


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


def _values_of(makers: list[Node], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaves of all parameters that these nodes take, as an earlier run had them."""
    taken = [name for node in makers for name in _list_parameters(node, earlier)]
    found = {name: look_up(earlier, name, NOT_THERE) for name in taken}
    return flatten({name: value for name, value in found.items() if value != NOT_THERE})


def _list_parameters(node: Node, earlier: Mapping[str, Any]) -> list[str]:
    """List the names of the parameters that a node goes by."""
    names = [name.removeprefix(PARAMETERS) for name in node.inputs if name.startswith(PARAMETERS)]
    idle = find_idle_parameters(node.inputs, lambda block: look_up(earlier, block, {}))
    return [name for name in names if name not in idle]


def _refuse_conflicts(
    context: KedroContext, case: str, values: Mapping[str, Any], makers: list[Node], source: RunFolder
) -> None:
    """Refuse what this command has chosen for nodes whose work is taken over; say where they were made otherwise.

    Raises:
        UsageError: a parameter that was given, or that the given variant states, is another one.
    """
    now = flatten({case: context.params[case]})
    other = [name for name, value in values.items() if name in now and now[name] != value]
    if not other:
        return
    given = flatten(context._runtime_params or {})
    usual = flatten({case: resolve_case(case, read_case(case, context.env or "local"), {})})
    chosen = [name for name in other if name in given or now[name] != usual.get(name)]
    if chosen:
        key = chosen[0]
        earlier = unflatten(values)
        maker = next(
            node.name for node in makers if any(_covers(name, key) for name in _list_parameters(node, earlier))
        )
        raise click.UsageError(
            f"{key} is {now[key]}, but {maker} does not run: its work is taken over from run {source.run_id}, where it "
            f"was {values[key]}. Begin with it (--from-nodes={maker}), leave {key} out, or name a run that was made so "
            f"with {case}.from_run=<run id>"
        )
    told = "; ".join(f"{name} was {values[name]} and is {now[name]} now" for name in other)
    LOGGER.warning("taken over from run %s, with its parameters: %s", source.run_id, told)


def _covers(name: str, key: str) -> bool:
    """Return whether a parameter is, or has, a leaf of this name."""
    return f"{key}.".startswith(f"{name}.")
