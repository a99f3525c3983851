"""kedro-mlflow's hook, logging all new parameters of a node in one call instead of one call each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
from kedro.framework.hooks import hook_impl
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow.exceptions import MlflowException
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

from casebook.caching.lineage import PARAMETERS
from casebook.compute.tensorflow_startup import hide_packages
from casebook.stages.tagged_nodes import find_idle_parameters
from casebook.tracking.mlflow_client import DECLARED, INTEGRITY_ERROR, log_parameters, write_name
from casebook.tracking.whole_artifacts import keep_artifacts_whole

if TYPE_CHECKING:
    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node


class BatchedMlflowHook(MlflowHook):  # type: ignore[misc]
    """Logs a node's parameters together, and those that several nodes take once."""

    def __init__(self) -> None:
        """Create the hook with nothing logged."""
        super().__init__()
        keep_artifacts_whole()
        self._logged: set[tuple[str, str, str]] = set()
        self._waiting: dict[str, str] = {}

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Start the run; tags that another launch of the same study writes at the same time are there already."""
        try:
            # MLflow asks it whether this is a notebook, and where it was not imported it is none.
            with hide_packages("IPython"):
                super().before_pipeline_run(run_params, pipeline, catalog)
        except MlflowException as error:
            if INTEGRITY_ERROR not in str(error) or mlflow.active_run() is None:
                raise

    @hook_impl
    def before_node_run(
        self, node: Node, catalog: CatalogProtocol[Any, Any], inputs: dict[str, Any], is_async: bool
    ) -> None:
        """Collect the node's parameters by kedro-mlflow, and log the new ones."""
        super().before_node_run(node, catalog, _leave_out_idle(inputs), is_async)
        log_parameters(self.run_id, self._waiting)
        self._logged |= {(self.run_id, name, value) for name, value in self._waiting.items()}
        self._waiting = {}

    def sanitize_param_name(self, name: str) -> str:
        """Return the name as it is: `_log_param` writes it as MLflow takes it, without a warning for each column."""
        return name

    def _log_param(self, name: str, value: Any) -> None:  # noqa: ANN401 - whatever stands in the configuration
        if DECLARED in name:
            return
        name, text = write_name(name), str(value)
        if len(text) > MAX_PARAM_VAL_LENGTH:
            super()._log_param(name, value)
        elif (self.run_id, name, text) not in self._logged:
            self._waiting[name] = text


def _leave_out_idle(inputs: dict[str, Any]) -> dict[str, Any]:
    """Leave out the parameters that the node takes and does not go by."""
    idle = find_idle_parameters(inputs, lambda name: inputs[f"{PARAMETERS}{name}"])
    return {name: value for name, value in inputs.items() if name.removeprefix(PARAMETERS) not in idle}
