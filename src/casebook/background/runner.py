"""A Kedro runner that computes tagged nodes in a background process."""

from __future__ import annotations

import logging
import pickle
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, wait
from itertools import chain
from typing import TYPE_CHECKING, Any

from kedro.io import CachedDataset, MemoryDataset
from kedro.runner import SequentialRunner
from kedro.runner.task import Task

from casebook.background.process import SUBMITTED, BackgroundProcess
from casebook.background.transfer import PickledOutput
from casebook.config.paths import project_root
from casebook.stages import BACKGROUND, CACHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node
    from pluggy import PluginManager

    from casebook.background.process import Answer

LOGGER = logging.getLogger(__name__)
# Node -> the seconds that it took there, of this process's last run.
NODE_SECONDS: dict[str, float] = {}


class BackgroundRunner(SequentialRunner):
    """Runs nodes one after the other, and those with the tag `background` meanwhile in another process."""

    def __init__(self) -> None:
        """Initialise the runner; the process is started later."""
        super().__init__()
        self._process: BackgroundProcess | None = None

    def __str__(self) -> str:
        """Return the name of Kedro's own runner: Kedro-Viz keeps no events of one that it does not know."""
        return str(SequentialRunner())

    @property
    def _logger(self) -> logging.Logger:
        """Return the logger of Kedro's own runner, at the level that is set for Kedro."""
        return logging.getLogger(SequentialRunner.__module__)

    def start(self) -> None:
        """Start the process ahead of time."""
        self._process = self._process or BackgroundProcess()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.close()
        self._process = None
        SUBMITTED.clear()

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        """Run the nodes; see `AbstractRunner._run`, whose bookkeeping this keeps."""
        NODE_SECONDS.clear()
        if not any(BACKGROUND in node.tags for node in pipeline.nodes):
            super()._run(pipeline, catalog, hook_manager, run_id)
            return
        self.start()
        schedule = NodeSchedule(pipeline)
        load_counts = Counter(chain.from_iterable(node.inputs for node in pipeline.nodes))
        try:
            while schedule.remaining:
                self._submit_ready(schedule, catalog)
                node = schedule.next_node()
                task = (
                    _replay(node, schedule.submitted[node], pipeline, catalog) if node in schedule.submitted else node
                )
                Task(task, catalog, self._is_async, hook_manager=hook_manager, run_id=run_id).execute()
                schedule.finish(node)
                self._release_datasets(node, catalog, load_counts, pipeline)
        except Exception:
            self._suggest_resume_scenario(pipeline, schedule.done, catalog)
            raise
        finally:
            self.close()

    def _submit_ready(self, schedule: NodeSchedule, catalog: CatalogProtocol[Any, Any]) -> None:
        """Submit each tagged node whose inputs are computed."""
        for node in schedule.ready():
            if BACKGROUND in node.tags and node not in schedule.submitted and self._process:
                inputs = [catalog.load(name) for name in node.inputs]
                case, _, name = node.outputs[0].partition(".")
                folder = project_root() / "data" / "06_models" / case / name if CACHED in node.tags else None
                submission = self._process.submit(node.func, inputs, len(node.outputs), folder)
                schedule.submitted[node] = submission
                if CACHED in node.tags:
                    SUBMITTED[name] = submission


class NodeSchedule:
    """Schedule of a pipeline: its open nodes, and the next one."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Compute the dependencies; no node is done."""
        self.remaining = list(pipeline.nodes)
        self.done: set[Node] = set()
        self.submitted: dict[Node, Future[Answer]] = {}
        self._dependencies = pipeline.node_dependencies
        names = [node.name for node in pipeline.nodes if BACKGROUND in node.tags]
        self._feeding = set(pipeline.to_nodes(*names).nodes) if names else set()

    def ready(self) -> list[Node]:
        """List the nodes whose inputs are computed, first those on which background nodes depend."""
        there = [node for node in self.remaining if self._dependencies[node] <= self.done]
        return sorted(there, key=lambda node: node not in self._feeding)

    def next_node(self) -> Node:
        """Choose the next node: one with a result, else one that runs here, else the first result to come."""
        ready = self.ready()
        submitted = [node for node in ready if node in self.submitted]
        here = [node for node in ready if node not in self.submitted]
        answered = [node for node in submitted if self.submitted[node].done()]
        if not answered and not here:
            wait([self.submitted[node] for node in submitted], return_when=FIRST_COMPLETED)
            answered = [node for node in submitted if self.submitted[node].done()]
        return [*answered, *here][0]

    def finish(self, node: Node) -> None:
        """Mark a node as done."""
        self.remaining.remove(node)
        self.done.add(node)
        self.submitted.pop(node, None)


def _replay(node: Node, submitted: Future[Answer], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> Node:
    """Replace a node's function by its result: Kedro then calls all hooks and saves the outputs."""
    kept = [_is_needed_here(name, pipeline, catalog) for name in node.outputs]

    def answer(*_inputs: Any) -> Any:  # noqa: ANN401 - the node's inputs and outputs
        seconds, outputs, error, from_before = submitted.result()
        NODE_SECONDS[node.name] = seconds
        if error is not None:
            raise error
        if from_before:
            LOGGER.info("%s: kept from an earlier run of the same rows, settings and code", node.name)
        values = [
            pickle.loads(value) if opened else PickledOutput(value)  # noqa: S301 - from our own process
            for value, opened in zip(outputs, kept, strict=True)
        ]
        return tuple(values) if len(values) > 1 else values[0]

    return node._copy(func=_named(answer, node))


def _named(function: Callable[..., Any], node: Node) -> Callable[..., Any]:
    function.__name__ = node.func.__name__
    return function


def _is_needed_here(name: str, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> bool:
    """Return whether an output is needed in this process: it is saved, or is the input of a node here."""
    dataset = catalog.get(name, fallback_to_runtime_pattern=True)
    consumers = [node for node in pipeline.nodes if name in node.inputs]
    kept = not isinstance(dataset, MemoryDataset) or isinstance(dataset, CachedDataset)
    return kept or not consumers or any(BACKGROUND not in node.tags for node in consumers)
