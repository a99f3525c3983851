"""Models that were fitted on a data frame: logged, registered, and champion where there is none yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from casebook.config.paths import artifact_location, tracking_uri
from casebook.config.tree import flatten
from casebook.model_registry import registry
from casebook.model_registry.champion import PROFILE
from casebook.tracking.curve_writer import CurveWriter
from casebook.tracking.left_running import process_tags
from casebook.tracking.mlflow_client import log_metrics, log_package, write_name
from casebook.tracking.sqlite_store import create_store_once, lock_store
from casebook.tracking.store_address import refuse_unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from mlflow.entities.model_registry import ModelVersion

    from casebook.model_registry.model_package import Package

# Where its rows came from: neither the user's files nor a sample.
FRAME = "frame"
PARAMETERS_FILE = "config/parameters.yml"


@dataclass(frozen=True)
class FrameFit:
    """What is logged of a fit.

    Attributes:
        estimator: name of its class.
        parameters: that it was fitted with, as a tree.
        history: a row an epoch, with a column a curve.
        test_scores: on rows that the caller held out, by metric.
        profile: of the rows that were learnt from, see `monitoring.training_profile`.
        target: what the targets were called; empty where they bore no name.
    """

    estimator: str
    parameters: Mapping[str, Any]
    history: pd.DataFrame
    test_scores: Mapping[str, float] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    target: str = ""


def log_frame_model(
    package: Package, name: str, fit: FrameFit, *, replace_champion: bool = False, uri: str | None = None
) -> ModelVersion:
    """Log a packaged model as a run of its own, and register it.

    Args:
        package: the model.
        name: of experiment and registered model.
        fit: what is logged beside it.
        replace_champion: whether it becomes the champion although there is one.
        uri: MLflow's tracking address; the project's where none is given.

    Returns:
        The version, with its tags and aliases.

    Raises:
        ValueError: a run is open, which may be of another store.
    """
    if mlflow.active_run() is not None:
        raise ValueError("an MLflow run is open; end it first (mlflow.end_run()): a model gets a run of its own")
    mlflow.set_tracking_uri(open_to_write(uri))
    variant = f"{fit.estimator} {datetime.now(UTC).astimezone():%H:%M:%S}"
    tags = {"case": name, "variant": fit.estimator, registry.ORIGIN: FRAME, **process_tags()}
    with mlflow.start_run(experiment_id=find_experiment(name), run_name=variant, tags=tags) as run:
        run_id = run.info.run_id
        parameters = flatten({name: dict(fit.parameters)})
        mlflow.log_params({write_name(leaf): value for leaf, value in parameters.items()})
        mlflow.log_text(yaml.safe_dump({name: dict(fit.parameters)}, sort_keys=False), PARAMETERS_FILE)
        _log_curves(run_id, fit.history)
        log_metrics(run_id, {f"test/{metric}": value for metric, value in fit.test_scores.items()})
        mlflow.log_dict(dict(fit.profile), PROFILE)
        log_package(package, name)
    said = {"task": package.task, "target": fit.target}
    return register(name, run_id, said, replace_champion=replace_champion)


def open_to_write(uri: str | None) -> str:
    """Return the address of the store, created where it is one of the project's that is not there yet."""
    address = uri or tracking_uri()
    refuse_unusable(address)
    create_store_once(address)
    return address


def find_experiment(name: str) -> str:
    """Return the id of an experiment, created where there is none."""
    found = mlflow.get_experiment_by_name(name)
    if found is None:
        try:
            return str(MlflowClient().create_experiment(name, artifact_location()))
        except MlflowException:
            # Another process has created it in between.
            found = mlflow.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def register(name: str, run_id: str, said: Mapping[str, str], *, replace_champion: bool) -> ModelVersion:
    """Register a run's model; it is champion where there is none, or where that one is to be replaced.

    Args:
        name: of the registered model.
        run_id: of the run that logged it.
        said: its `task` and `target`.
        replace_champion: whether it takes a champion's place.
    """
    # How rows were held out is the caller's own.
    parameters = {"split": {"strategy": "given", "promotion_share": 0.0}, **said}
    version = registry.register_version(name, mlflow.get_run(run_id), parameters)
    with lock_store(f"promotion-{name}"):
        champion = registry.find_version(name)
        promoted = champion is None or replace_champion
        if champion is None:
            reason = "the first, fitted on a data frame"
        elif promoted:
            reason = f"takes the place of version {champion.version}, as was asked for"
        else:
            reason = f"version {champion.version} is; replace_champion=True lets this one take its place"
        registry.apply_decision(version, registry.PromotionDecision(promoted, reason), run_id)
    return MlflowClient().get_model_version(name, version.version)


def _log_curves(run_id: str, history: pd.DataFrame) -> None:
    curves = CurveWriter(run_id)
    for points in history.to_dict("records"):
        curves(int(points["epoch"]), {str(name): value for name, value in points.items() if name != "epoch"})
    curves.close()
