"""Tracking of runs: experiment, raw files, tags, parameters, description and errors."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import mlflow
import yaml
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines

from casebook.caching.runner import PARTS
from casebook.cases.presets import PRESET
from casebook.cases.registry import find_case, load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.compute.freed_memory import return_freed_memory
from casebook.config.resolve import DEFAULT, list_differences
from casebook.config.schema.evaluation import NONE
from casebook.config.secrets import hide_passwords
from casebook.config.tree import look_up
from casebook.data.raw_files import RawFiles, find_raw_files
from casebook.datasets.tables import wait_for_writes
from casebook.hooks.cluster import choose_part_executor
from casebook.hooks.description import describe_run, keep_description
from casebook.hooks.ending import end_killed_runs
from casebook.hooks.opening import choose_store, forget_other_runs, refuse_read_only
from casebook.hooks.own_folder import OwnFolder
from casebook.hooks.provenance import describe_command, describe_commit
from casebook.hooks.resuming import what_counts
from casebook.hooks.studies import begin_launch, tag_winner
from casebook.hooks.unused import tell_unused
from casebook.hooks.user_errors import find_user_error, quiet_user_errors
from casebook.runtime.lazy_imports import import_deferred
from casebook.stages import STUDY
from casebook.tracking import mlflow_client
from casebook.tracking.console import announce_sample
from casebook.tracking.left_running import close_left_running, process_tags, tagging_new_runs
from casebook.tracking.sqlite_store import set_up_experiment
from casebook.training.early_stopping import TrainingError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from kedro.framework.context import KedroContext
    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline
    from mlflow.entities import Run

PREDICT = "predict"
# Stages of pipelines that use a model -> what their runs are called; others are called after their variant.
JOBS = {"prediction": PREDICT, "explanation": PREDICT, "monitoring": "monitor", "update": "update"}
# Where a run keeps its merged parameters.
PARAMETERS_FILE = "config/parameters.yml"
# Set by `make ledger` for the runs that it starts: the row's key and the seed.
LEDGER_VARIABLE = "CASEBOOK_LEDGER"
MLFLOW_SETTINGS = {
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true",
    "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "2",
}


class TrackingHook:
    """Wrap kedro-mlflow's hooks: what it must know before it opens the run, and what the run must hold after."""

    # Addresses of MLflow's store, and of the copy that is used where it can only be read.
    store = used_store = ""
    folder: OwnFolder | None = None

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Create the store before kedro-mlflow opens it."""
        import_deferred()
        quiet_user_errors()
        self.context = context
        forget_other_runs()
        self.store, self.used_store = choose_store(context)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> Generator[None, None, None]:
        """Choose experiment and run name and find the raw files; once the run is open, tag it."""
        case = sole_case(pipeline)
        refuse_read_only(self.store, self.used_store, job_of(pipeline))
        parameters = self.context.params[case]
        raw = self._find_raw_files(case, pipeline, parameters)
        self._configure(case, job_of(pipeline) or parameters["variant"])
        close_left_running(mlflow.get_tracking_uri(), case)
        job = "study" if runs_study(pipeline) else job_of(pipeline)
        own = [pipelines[name] for name in pipelines if find_case(name) == case]
        given = (self.context._runtime_params or {}).get(case, {})
        # A study's trials go by all that a training does.
        tell_unused(case, given, [pipeline, pipelines[case]] if job == "study" else [pipeline], own)
        self.folder = OwnFolder(self.context, pipeline, catalog, case, job)
        self._reopen(self.folder.choose(raw.fingerprint if raw else None))
        if runs_study(pipeline):
            begin_launch(self.context, case, parameters, raw)
        if job == PREDICT:
            choose_part_executor()
        end_killed_runs()
        with tagging_new_runs():
            yield
        run = mlflow.active_run()
        if run is not None:
            taken = self.folder.open(run.info.run_id)
            _describe_run(run.info.run_id, case, parameters, raw, taken | process_tags())

    @hook_impl
    def before_node_run(self) -> None:
        """Fail at once when a table could not be written in the background; return what the node before freed."""
        wait_for_writes(only_done=True)
        return_freed_memory()

    @hook_impl(wrapper=True)
    def after_pipeline_run(self, pipeline: Pipeline) -> Generator[None, None, None]:
        """Wait for the last tables before the run counts as finished; describe it once its model is registered."""
        run = mlflow.active_run()
        try:
            wait_for_writes()
        except OSError as error:
            _tag_error(error)
            mlflow.end_run("FAILED")
            raise
        yield
        if self.folder is not None:
            self.folder.finish()
        if run is not None:
            job = "study" if runs_study(pipeline) else job_of(pipeline)
            found = mlflow.get_run(run.info.run_id)
            keep_description(found, describe_run(found, self.context.params[sole_case(pipeline)], job))

    @hook_impl(wrapper=True)
    def on_pipeline_error(self, error: Exception) -> Generator[None, None, None]:
        """Tag the run with the error; once kedro-mlflow has ended it, raise user errors as one line."""
        _tag_error(error)
        yield
        mendable = find_user_error(error)
        if self.folder is not None:
            self.folder.fail(resumable=not isinstance(mendable, TrainingError))
        if mendable is not None:
            raise click.ClickException(str(mendable)) from None

    def _find_raw_files(self, case: str, pipeline: Pipeline, parameters: dict[str, Any]) -> RawFiles | None:
        """Find or generate the raw files, when the pipeline reads any."""
        if not any(name.startswith(f"{case}.raw_") for name in pipeline.inputs()):
            return None
        try:
            raw = find_raw_files(load_case(case), parameters["sample"])
        except InvalidTableError as error:
            raise click.ClickException(str(error)) from None
        if raw.generated:
            announce_sample(raw.folder, parameters["sample"], raw.best_reachable)
        return raw

    def _configure(self, case: str, name: str) -> None:
        """Set kedro-mlflow's experiment and run name."""
        for setting, value in MLFLOW_SETTINGS.items():
            os.environ.setdefault(setting, value)
        options = self.context.mlflow.tracking  # type: ignore[attr-defined]
        options.experiment.name = case
        options.run.name = f"{name} {datetime.now(UTC).astimezone():%H:%M:%S}"
        set_up_experiment(self.context)

    def _reopen(self, run: Run | None) -> None:
        """Set kedro-mlflow's run id, so that it resumes a run."""
        if run is not None:
            options = self.context.mlflow.tracking.run  # type: ignore[attr-defined]
            options.id, options.name = run.info.run_id, run.info.run_name


def sole_case(pipeline: Pipeline) -> str:
    """Return the case that a pipeline belongs to.

    Raises:
        UsageError: it belongs to several, which one run cannot hold.
    """
    cases = sorted({str(node.namespace).split(".")[0] for node in pipeline.nodes})
    if len(cases) != 1:
        raise click.UsageError(f"one run is one case, but these are {', '.join(cases)}: start one command for each")
    return cases[0]


def runs_study(pipeline: Pipeline) -> bool:
    """Test whether a pipeline searches hyperparameters."""
    return any(STUDY in node.tags for node in pipeline.nodes)


def job_of(pipeline: Pipeline) -> str:
    """Return what a pipeline does with a trained model; empty when it trains one."""
    return next((JOBS[tag] for node in pipeline.nodes for tag in node.tags if tag in JOBS), "")


def _tag_error(error: Exception) -> None:
    """Tag the open run with an error."""
    run = mlflow.active_run()
    if run is not None:
        mlflow_client.set_tags(run.info.run_id, {"error": hide_passwords(f"{type(error).__name__}: {error}")})


def _describe_run(
    run_id: str, case: str, parameters: dict[str, Any], raw: RawFiles | None, more: dict[str, str]
) -> None:
    """Tag the run, log the merged parameters and the data sets."""
    tags = {"case": case, "variant": parameters["variant"], "command": describe_command(), **describe_commit(), **more}
    left_out = [part for part in PARTS if parameters[part] == NONE]
    left_out += ["reference"] if parameters["reference"]["name"] == NONE else []
    if left_out:
        tags["left_out"] = ", ".join(left_out)
    if look_up(parameters, PRESET, DEFAULT) != DEFAULT:
        tags["preset"] = _describe_preset(parameters["training"])
    if parameters.get("weight"):
        tags["weighted_by"] = parameters["weight"]
    if LEDGER_VARIABLE in os.environ:
        tags |= dict(zip(("ledger", "ledger.seed"), os.environ[LEDGER_VARIABLE].split(), strict=True))
    if raw is not None:
        tags |= {"data.origin": raw.origin, "data.fingerprint": raw.fingerprint}
        mlflow_client.log_data_inputs(run_id, dict(_inputs(raw)))
        strategy = parameters["split"]["strategy"]
        best = raw.best_reachable.get(strategy, {})
        mlflow_client.log_metrics_once(run_id, {f"best_reachable/{name}": value for name, value in best.items()})
    differences = list_differences(case, parameters) if parameters["study"]["winner_of"] else []
    mlflow_client.set_tags(run_id, tags | tag_winner(parameters, differences))
    mlflow.log_text(yaml.safe_dump({case: what_counts(parameters)}, sort_keys=False), PARAMETERS_FILE)


def _describe_preset(training: dict[str, Any]) -> str:
    """Describe a preset and what it came to beside what else is stated."""
    network, minutes = training["network"], training["time_budget"]
    parts = [f"{training['epochs']} epochs"]
    parts += [f"{network['ensemble_size']} members in a network"] if network["ensemble_size"] > 1 else []
    parts += [f"{training['ensemble']['networks']} networks"] if training["ensemble"]["networks"] > 1 else []
    parts += ["boosted trees beside"] if training["ensemble"]["reference"] else []
    parts += [f"a search of {minutes:g} minutes"] if minutes else []
    return f"{training['preset']}: {', '.join(parts)}"


def _inputs(raw: RawFiles) -> Iterable[tuple[str, dict[str, str]]]:
    for name, digest in raw.digests.items():
        profile = json.dumps({"num_rows": raw.rows[name]})
        yield name, {"digest": digest, "source": str(raw.folder / name), "profile": profile}
