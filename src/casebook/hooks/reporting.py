"""The page of each run, made once the run has ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import mlflow
from kedro.framework.hooks import hook_impl

from casebook.config.schema.evaluation import NONE
from casebook.hooks.tracking import job_of, runs_study, sole_case

if TYPE_CHECKING:
    from collections.abc import Generator

    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline

LOGGER = logging.getLogger(__name__)


class ReportHook:
    """Make the page of each training, study and monitor."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Store the context, whose parameters are resolved when a pipeline has run."""
        self.context = context

    @hook_impl(wrapper=True)
    def after_pipeline_run(self, pipeline: Pipeline) -> Generator[None, None, None]:
        """Make the page once the run has ended and its model is registered."""
        run = mlflow.active_run()
        yield
        if run is not None:
            self._write(pipeline, run.info.run_id)

    @hook_impl(wrapper=True)
    def on_pipeline_error(self, pipeline: Pipeline) -> Generator[None, None, None]:
        """Make the page of a monitor whose scores have fallen below the level: it is then that it is needed."""
        run = mlflow.active_run()
        try:
            yield
        finally:
            if run is not None and job_of(pipeline) == "monitor":
                self._write(pipeline, run.info.run_id, failed=True)

    def _write(self, pipeline: Pipeline, run_id: str, *, failed: bool = False) -> None:
        case = sole_case(pipeline)
        outputs = {f"{case}.{name}" for name in ("report_tables", "trials", "weekly")}
        has_page = bool(outputs & pipeline.all_outputs()) and (not job_of(pipeline) or job_of(pipeline) == "monitor")
        if self.context.params[case]["report"] == NONE or not (has_page or runs_study(pipeline)):
            return
        from casebook.tracking.run_reports import NothingToReportError, write_report

        try:
            write_report(run_id)
        except NothingToReportError as error:
            # One that failed on its way has nothing to show, and its own error says why.
            if not failed:
                LOGGER.warning("run %s has no page: %s", run_id, error)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with its page, the run has its results
            LOGGER.warning("the page of run %s was not made: %s: %s", run_id, type(error).__name__, error)
