"""Writing to MLflow by explicit run id; nothing here depends on which run is active."""

from __future__ import annotations

import re
import sys
import time
import warnings
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

from casebook.inference.predictions import ALL, OUTPUT
from casebook.runtime.signals import deferred_signals
from casebook.tracking.left_running import process_tags
from casebook.training.curves import explain_not_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlflow.models import ModelSignature

    from casebook.model_registry.model_package import Package

# MLflow refuses larger batches.
METRICS_A_BATCH, PARAMETERS_A_BATCH = 1000, 100
VALUE_LENGTH = 6000
INTEGRITY_ERROR = "IntegrityError"
TAG_LENGTH = 8000
DECLARED = ".data."
NOT_FINITE = "not_finite"
PACKAGES_OF_MODULES = "_MODULES_TO_PACKAGES"
HINT = "Add type hints to the `predict` method"
# What a logged model imports; the installed versions are pinned in it.
REQUIREMENTS = ("mlflow", "keras", "tensorflow", "numpy", "pandas", "pyarrow")


def write_name(name: str) -> str:
    """Write a name as MLflow takes those of metrics and parameters; columns of a table may be called anything."""
    return re.sub(r"/+", "/", re.sub(r"[^\w\-. :/]", "_", name)).strip("/")


def log_parameters(run_id: str, values: Mapping[str, Any]) -> None:
    """Log parameters in as few calls as MLflow allows, but for what a declared case's tables hold.

    That is no setting to compare runs by; the run's parameters.yml has it.
    """
    logged = [Param(write_name(n), str(value)[:VALUE_LENGTH]) for n, value in values.items() if DECLARED not in n]
    for start in range(0, len(logged), PARAMETERS_A_BATCH):
        log_beside_others(MlflowClient().log_batch, run_id, params=logged[start : start + PARAMETERS_A_BATCH])


def log_beside_others(log: Callable[..., object], *values: Any, **named: Any) -> None:  # noqa: ANN401 - what it takes
    """Log what another launch of the same study may log at the same time.

    MLflow looks whether it is there before it writes, not while: one of the two fails, and finds it there afterwards.
    """
    try:
        log(*values, **named)
    except MlflowException as error:
        if INTEGRITY_ERROR not in str(error):
            raise
        log(*values, **named)


def create_beside_others(create: Callable[..., object], *values: Any, **named: Any) -> None:  # noqa: ANN401 - as above
    """Create what another run may have created meanwhile."""
    try:
        create(*values, **named)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise


def log_metrics(run_id: str, metrics: Mapping[str, float], step: int = 0) -> None:
    """Log values at one step, in as few calls as MLflow allows."""
    now = int(time.time() * 1000)
    named = {write_name(name): value for name, value in metrics.items()}
    points = [Metric(name, float(value), now, step) for name, value in drop_not_finite(run_id, named, step).items()]
    for start in range(0, len(points), METRICS_A_BATCH):
        with deferred_signals():
            MlflowClient().log_batch(run_id, metrics=points[start : start + METRICS_A_BATCH])


def drop_not_finite(run_id: str, metrics: Mapping[str, float], step: int) -> dict[str, float]:
    """Drop NaN, which no search finds, and infinity, which MLflow stores as 1.8e308; tag the run with the names."""
    if lost := explain_not_finite(metrics, step):
        set_tags(run_id, {NOT_FINITE: "; ".join(lost.values())})
    return {name: value for name, value in metrics.items() if name not in lost}


def log_metrics_once(run_id: str, metrics: Mapping[str, float]) -> None:
    """Log values that differ from those logged: a resumed run computes the earlier ones again."""
    known = MlflowClient().get_run(run_id).data.metrics
    log_metrics(run_id, {name: value for name, value in metrics.items() if known.get(write_name(name)) != value})


def set_tags(run_id: str, tags: Mapping[str, object]) -> None:
    """Set tags of a run, truncated to `TAG_LENGTH` characters."""
    client = MlflowClient()
    for name, value in tags.items():
        log_beside_others(client.set_tag, run_id, name, str(value)[:TAG_LENGTH])


def log_data_inputs(run_id: str, inputs: Mapping[str, Mapping[str, str]]) -> None:
    """Log raw files as the run's data sets.

    Args:
        run_id: the run.
        inputs: for each data set its `digest`, `source` (where it lies) and `profile` (JSON with the row count).
    """
    datasets = [
        DatasetInput(
            Dataset(name, facts["digest"], "local", f'{{"uri": "{facts["source"]}"}}', profile=facts["profile"]),
            [InputTag("mlflow.data.context", "training")],
        )
        for name, facts in inputs.items()
    ]
    log_beside_others(MlflowClient().log_inputs, run_id, datasets)


def log_package(package: Package, case: str, step: int = 0) -> str:
    """Log a packaged model to the active run under the name `model`.

    Returns:
        The id of the logged model.
    """
    from casebook.model_registry.model_package import PARTS_FOLDER, write_package

    with TemporaryDirectory() as folder:
        parts = write_package(package, case, Path(folder))
        with _importable(folder), _without_package_scan():
            logged = mlflow.pyfunc.log_model(
                name="model",
                step=step,
                python_model=str(parts.entry),
                code_paths=[str(parts.code)],
                artifacts={PARTS_FOLDER: str(parts.parts)},
                signature=describe_rows(package),
                model_config={OUTPUT: ALL},
                input_example=package.example,
                pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
            )
    return str(logged.model_id)


@contextmanager
def without_hint_warning() -> Iterator[None]:
    """Mute MLflow's advice to annotate `predict` where a model is older than that annotation."""
    # MLflow sets its own filter around it, which goes before any other.
    with warnings.catch_warnings(record=True) as caught:
        yield
    for warning in caught:
        if HINT not in str(warning.message):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


@contextmanager
def _importable(folder: str) -> Iterator[None]:
    """Add the package's folder to the import path while MLflow runs its entry file to log it."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


@contextmanager
def _without_package_scan() -> Iterator[None]:
    """Spare MLflow the file lists of all installed packages, by which it looks for modules that no package is named by.

    The requirements that it compares with what is installed are names of packages.
    """
    from mlflow.utils import requirements_utils

    # Another release of MLflow may not have it: then it is set for nobody.
    known = getattr(requirements_utils, PACKAGES_OF_MODULES, None)
    setattr(requirements_utils, PACKAGES_OF_MODULES, known or {})
    try:
        yield
    finally:
        setattr(requirements_utils, PACKAGES_OF_MODULES, known)


def describe_rows(package: Package) -> ModelSignature:
    """Build the model signature: raw columns in (all nullable), predictions out, what a caller may choose of them."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    # A null column arrives as floats from pandas and as nothing from JSON; every stricter type refuses one of them.
    anything = AnyType()  # type: ignore[no-untyped-call]
    columns = [ColSpec(anything, str(name), required=False) for name in package.example.columns]
    # Without a default, so that the configuration of a loaded model stands where a call says nothing.
    output = ParamSpec(OUTPUT, "string", None)
    if package.task == "regression":
        return ModelSignature(Schema([*columns]), Schema([ColSpec("double", "prediction")]), ParamSchema([output]))
    whole = all(isinstance(label, int) for label in package.classes)
    answered = ColSpec("long" if whole else "string", "class")
    if package.task == "multiclass":
        labels = package.classes or range(package.network.output_shape[-1])
        classes = [ColSpec("double", f"probability_{label}") for label in labels]
        return ModelSignature(Schema([*columns]), Schema([*classes, answered]), ParamSchema([output]))
    outputs = [ColSpec("double", "probability"), answered]
    threshold = ParamSpec("threshold", "double", package.threshold)
    return ModelSignature(Schema([*columns]), Schema([*outputs]), ParamSchema([threshold, output]))


@contextmanager
def child_run(parent_id: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Open a child run by id, never as the active one; it ends FINISHED, or FAILED with the error as a tag.

    Yields:
        Its run id.
    """
    client = MlflowClient()
    experiment = client.get_run(parent_id).info.experiment_id
    known = {"mlflow.parentRunId": parent_id, **process_tags(), **tags}
    run_id = client.create_run(experiment, run_name=name, tags=known).info.run_id
    try:
        yield run_id
    except Exception as error:
        set_tags(run_id, {"error": f"{type(error).__name__}: {error}"})
        client.set_terminated(run_id, "FAILED")
        raise
    except BaseException:
        client.set_terminated(run_id, "KILLED")
        raise
    client.set_terminated(run_id, "FINISHED")
