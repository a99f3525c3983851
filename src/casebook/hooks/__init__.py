"""Kedro hooks: validated parameters, raw files, MLflow run and registry, summary."""

from casebook.hooks.cluster import ClusterHook
from casebook.hooks.half_written import HalfWrittenHook
from casebook.hooks.mlflow import BatchedMlflowHook
from casebook.hooks.parameters import ParametersHook
from casebook.hooks.registry import RegistryHook
from casebook.hooks.reporting import ReportHook
from casebook.hooks.summary import SummaryHook
from casebook.hooks.tracking import TrackingHook

# The last one comes first: a cluster is looked for and parameters are refused before a store is made. What comes first
# wraps innermost: models are registered once the run has ended, then its page is made, its description names
# it, and the summary shows all.
HOOKS = (
    RegistryHook(),
    ReportHook(),
    TrackingHook(),
    SummaryHook(),
    ParametersHook(),
    BatchedMlflowHook(),
    HalfWrittenHook(),
    ClusterHook(),
)
