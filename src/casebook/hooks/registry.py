"""Registration of a finished run's model, and its promotion where it is better by the margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
from kedro.framework.hooks import hook_impl

from casebook.hooks.tracking import sole_case
from casebook.model_registry import registry

if TYPE_CHECKING:
    from collections.abc import Generator

    from kedro.framework.context import KedroContext
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline


class RegistryHook:
    """Register the model of each run that logged one, and compare it with the champion."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Store the context, whose parameters are resolved when a pipeline has run."""
        self.context = context

    @hook_impl(wrapper=True)
    def after_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> Generator[None, None, None]:
        """Register the logged model once kedro-mlflow has ended the run, and decide on its promotion."""
        run, case = mlflow.active_run(), sole_case(pipeline)
        yield
        if run is None or f"{case}.model" not in pipeline.all_outputs():
            return
        parameters = self.context.params[case]
        version = registry.register_version(case, mlflow.get_run(run.info.run_id), parameters)
        name = f"{case}.promotion_rows"
        rows = catalog.load(name) if name in pipeline.all_outputs() else None
        registry.promote_if_better(version, rows, parameters, run.info.run_id)
