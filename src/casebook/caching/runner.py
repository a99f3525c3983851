"""A runner that skips what is up to date when asked to, and always records what was made."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.runner import SequentialRunner

from casebook.caching.kept_outputs import KeptOutputs, explain
from casebook.caching.lineage import PARAMETERS
from casebook.caching.records import Materialization, Records
from casebook.config.schema.evaluation import NONE
from casebook.data.file_fingerprints import read_state
from casebook.datasets.tables import run_after_writes
from casebook.datasets.tracked import log_again
from casebook.runtime.atomic_files import remove

if TYPE_CHECKING:
    from kedro.io import CatalogProtocol
    from kedro.pipeline.node import Node
    from kedro.runner import AbstractRunner
    from pluggy import PluginManager

    from casebook.caching.lineage import Lineage

# Stages of a run on which no other depends.
PARTS = ("profile", "figures", "report")
# The catalog's name for the folder of the run; runs that only use a model have none.
RUN_FOLDER = "run_folder"
LOGGER = logging.getLogger(__name__)


class ReusingRunner(SequentialRunner):
    """Skips up-to-date nodes and runs the others by another runner."""

    def __init__(self, runner: AbstractRunner) -> None:
        """Keep the runner that does the work."""
        super().__init__()
        self.runner = runner

    def __str__(self) -> str:
        """Go by the name of the runner that does the work: Kedro-Viz keeps no events of one that it does not know."""
        return str(self.runner)

    def run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
        only_missing_outputs: bool = False,
    ) -> dict[str, Any]:
        """Run the nodes that are left; see `AbstractRunner.run`."""
        case = str(pipeline.nodes[0].namespace).partition(".")[0]
        pipeline = leave_out_parts(pipeline, catalog, case)
        if RUN_FOLDER not in catalog:
            complete: dict[str, Any] = self.runner.run(pipeline, catalog, hook_manager, run_id, only_missing_outputs)
            return complete
        kept = KeptOutputs(catalog, Records.of(catalog.load(RUN_FOLDER)))
        lineages = kept.trace(pipeline)
        if catalog.load(f"{PARAMETERS}{case}.reuse"):
            pipeline = _leave_out(pipeline, kept, lineages, hook_manager)
        recorder = LineageRecorder(kept, lineages)
        if hook_manager:
            hook_manager.register(recorder)
        outcome: dict[str, Any] = self.runner.run(pipeline, catalog, hook_manager, run_id, only_missing_outputs)
        return outcome


def leave_out_parts(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], case: str) -> Pipeline:
    """Leave out the stages that the parameter of their name says `none` to."""
    left_out = [part for part in PARTS if catalog.load(f"{PARAMETERS}{case}.{part}") == NONE]
    return Pipeline([node for node in pipeline.nodes if not node.tags & set(left_out)])


def _leave_out(
    pipeline: Pipeline, kept: KeptOutputs, lineages: dict[str, Lineage], hook_manager: PluginManager | None
) -> Pipeline:
    """Skip the nodes whose outputs are up to date, and log of each that makes files why it runs or does not."""
    left = []
    for node in pipeline.nodes:
        made = kept.last_made(node)
        reasons = explain(node.name, lineages[node.name], made) if node.name in lineages else ["always"]
        if reasons or made is None:
            left.append(node)
            _remove_inherited(node, kept)
            if node.name in lineages:
                LOGGER.info("reuse: %s runs: %s", node.name, "; ".join(reasons))
        else:
            LOGGER.info("reuse: %s is skipped: inputs, parameters and code are those of %s", node.name, made.when)
            _log_skipped(node, kept, made, hook_manager)
    return Pipeline(left)


def _remove_inherited(node: Node, kept: KeptOutputs) -> None:
    """Remove the inherited outputs of a node that runs: some datasets write into the file that is there."""
    for place in map(kept.path, node.outputs):
        if place and Path(place).is_relative_to(kept.records.path.parent):
            remove(Path(place))


def _log_skipped(node: Node, kept: KeptOutputs, made: Materialization, hook_manager: PluginManager | None) -> None:
    """Log what a skipped node would have logged: its parameters, metrics and artifacts."""
    catalog = kept.catalog
    parameters = {name: catalog.load(name) for name in node.inputs if name.startswith(PARAMETERS)}
    if hook_manager:
        hook_manager.hook.before_node_run(node=node, catalog=catalog, inputs=parameters, is_async=False, run_id=None)
    for name, metrics in made.metrics.items():
        catalog.save(name, metrics)
    for name in node.outputs:
        log_again(kept.dataset(name), kept.path(name))


class LineageRecorder:
    """A hook that records what nodes made, once it is whole."""

    def __init__(self, kept: KeptOutputs, lineages: dict[str, Lineage]) -> None:
        """Keep what each node depends on."""
        self.kept = kept
        self.lineages = lineages
        self.saved: dict[str, dict[str, Any]] = {}

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:  # noqa: ANN401 - any output
        """Record a node when its last output is saved."""
        if node.name not in self.lineages:
            return
        saved = self.saved.setdefault(node.name, {})
        saved[dataset_name] = data if not self.kept.path(dataset_name) else None
        if len(saved) == len(node.outputs):
            metrics = {name: data for name, data in saved.items() if data is not None}
            run_after_writes(lambda: self._record(node, metrics), self.kept.records.path)

    def _record(self, node: Node, metrics: dict[str, Any]) -> None:
        files = {path: read_state(Path(path)) for name in node.outputs if (path := self.kept.path(name))}
        when = datetime.now(UTC).astimezone().isoformat(" ", "seconds")
        self.kept.records.add(node.name, Materialization(self.lineages[node.name], files, metrics, when))
