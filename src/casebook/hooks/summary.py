"""Seconds by stage, and the summary at the end of a run."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import mlflow
import psutil
from kedro.framework.hooks import hook_impl

from casebook.background.runner import NODE_SECONDS
from casebook.compute.tensorflow_startup import tensorflow_start_seconds
from casebook.stages.stage_groups import stage_of
from casebook.tracking.mlflow_client import log_metrics
from casebook.tracking.run_summary import show_summary

if TYPE_CHECKING:
    from collections.abc import Generator

    from kedro.framework.context import KedroContext
    from kedro.pipeline.node import Node

LOGGER = logging.getLogger(__name__)
# A stage of its own: its import takes seconds of whichever stage needs it first.
TENSORFLOW = "tensorflow"
# Of three dozen nodes most take none; the others are told as they end.
MIN_NODE_SECONDS = 0.5


class SummaryHook:
    """Measure the stages and show what the run found."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Start the clocks."""
        self.context = context
        self.seconds: dict[str, float] = {}
        self.background: dict[str, float] = {}
        self.node, self.node_seconds = "", 0.0
        self.counted = bool(tensorflow_start_seconds())
        # The clock begins with the process, so that imports count too.
        self.last = time.perf_counter() - (time.time() - psutil.Process().create_time())

    @hook_impl(trylast=True)
    def after_node_run(self, node: Node) -> None:
        """Add loading and running to the node's stage."""
        self._add(stage_of(node), node.name)
        if node.name in NODE_SECONDS:
            stage = stage_of(node)
            self.background[stage] = self.background.get(stage, 0.0) + NODE_SECONDS.pop(node.name)

    @hook_impl(trylast=True)
    def after_dataset_saved(self, node: Node) -> None:
        """Add saving an output to the node's stage."""
        self._add(stage_of(node), node.name)

    @hook_impl(trylast=True)
    def before_pipeline_run(self) -> None:
        """Count everything up to here as start."""
        self._add("start", "start")

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, None, None]:
        """Show the summary once kedro-mlflow has ended the run."""
        run = mlflow.active_run()
        self._tell()
        if run is not None:
            total = sum(self.seconds.values())
            seconds = {f"seconds/{stage}": value for stage, value in {**self.seconds, "total": total}.items()}
            # Those took no time of the run but what it waited for them, which stands under their stages.
            background = {f"seconds/background/{stage}": value for stage, value in self.background.items()}
            log_metrics(run.info.run_id, seconds | background)
        yield
        if run is not None:
            found = mlflow.get_run(run.info.run_id)
            show_summary(found, self.seconds, mlflow.get_tracking_uri(), self.background)

    def _add(self, stage: str, node: str) -> None:
        """Add the time since the last call to a stage; tell of a node once the next one begins."""
        now = time.perf_counter()
        if node != self.node:
            self._tell()
            self.node, self.node_seconds = node, 0.0
        elapsed = now - self.last
        if not self.counted and (started := tensorflow_start_seconds()):
            self.seconds[TENSORFLOW], self.counted = started, True
            elapsed -= started
        self.seconds[stage] = self.seconds.get(stage, 0.0) + elapsed
        self.node_seconds += elapsed
        self.last = now

    def _tell(self) -> None:
        if self.node:
            level = logging.INFO if self.node_seconds >= MIN_NODE_SECONDS else logging.DEBUG
            LOGGER.log(level, "%-40s %6.1f s", self.node, self.node_seconds)
