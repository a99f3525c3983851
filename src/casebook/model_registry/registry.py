"""The registered model of a case: a version for each run, aliases `challenger` (newest) and `champion` (in use)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from casebook.evaluation.metrics import INTERVAL_ENDS, main_metric
from casebook.model_registry.comparison import compare_models
from casebook.tracking.mlflow_client import create_beside_others, log_metrics, set_tags
from casebook.tracking.sqlite_store import lock_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

    from casebook.config.schema import PromotionParameters

CHAMPION, CHALLENGER = "champion", "challenger"
ORIGIN, TASK, TARGET = "data.origin", "task", "target"
# What MLflow answers where there is no such model, or alias of it.
NOT_THERE = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
# Of the run, kept with the version that it made.
RUN_TAGS = (ORIGIN, "data.fingerprint", "variant", "git.commit", "git.dirty")


@dataclass(frozen=True)
class PromotionDecision:
    """Decision on a version's promotion to champion.

    Attributes:
        promoted: whether it becomes the champion.
        reason: in one line.
        metrics: `promotion/...`, to be logged to its run.
    """

    promoted: bool
    reason: str
    metrics: Mapping[str, float] = field(default_factory=dict)


def find_version(case: str, alias: str = CHAMPION) -> ModelVersion | None:
    """Return the version of a case that has an alias, or None."""
    try:
        return MlflowClient().get_model_version_by_alias(case, alias)
    except MlflowException as error:
        # Where a store cannot be asked, a version that beat nothing would become champion.
        if error.error_code not in NOT_THERE:
            raise
    return None


def register_version(
    case: str, run: Run, parameters: Mapping[str, Any], model_id: str = "", more: Mapping[str, str] | None = None
) -> ModelVersion:
    """Register a run's model as a version of its case with the alias `challenger`.

    Args:
        case: name of the registered model, created with its first version.
        run: its tags and test scores are copied to the version.
        parameters: the case's merged parameters.
        model_id: of the logged model, where a run has several; else its last.
        more: further tags.

    Raises:
        ValueError: the run logged no model.
    """
    client = MlflowClient()
    outputs = run.outputs.model_outputs if run.outputs else []
    logged = model_id or (outputs[-1].model_id if outputs else "")
    if not logged:
        raise ValueError(f"run {run.info.run_id} logged no model to register")
    if not is_registered(case):
        create_beside_others(client.create_registered_model, case, description=describe_models(case))
    split = parameters["split"]
    tags = {
        **{name: run.data.tags[name] for name in RUN_TAGS if name in run.data.tags},
        **{name: f"{value:.6g}" for name, value in run.data.metrics.items() if name.startswith("test/")},
        "split.strategy": split["strategy"],
        "split.promotion_share": str(split["promotion_share"]),
        **{name: parameters[name] for name in (TASK, TARGET) if parameters.get(name)},
        "run_id": run.info.run_id,
        **(more or {}),
    }
    version = client.create_model_version(
        case, f"models:/{logged}", run.info.run_id, tags, description=describe_version(run),
        await_creation_for=0, model_id=logged,
    )  # fmt: skip
    client.set_registered_model_alias(case, CHALLENGER, version.version)
    # Read anew: what was created does not show its tags in every store.
    return client.get_model_version(case, version.version)


def is_registered(name: str) -> bool:
    """Return whether there is a registered model of a name."""
    return bool(MlflowClient().search_registered_models(f"name = '{name}'"))


def describe_models(case: str) -> str:
    """Return the description of a registered model for its page in the UI."""
    return (
        f"Models of the case `{case}`: each takes raw rows. `@{CHAMPION}` is the one in use (`casebook serve {case}`), "
        f"`@{CHALLENGER}` the newest; the tag `promotion` of a version says what was decided on it and why."
    )


def describe_version(run: Run) -> str:
    """Return the description of a version: its variant, run and scores on the test rows."""
    scores = [
        f"{name.removeprefix('test/')} {value:.4g}"
        for name, value in run.data.metrics.items()
        if name.startswith("test/") and not name.startswith("test/seen_") and not name.endswith(INTERVAL_ENDS)
    ]
    link = f"[{run.info.run_name}](#/experiments/{run.info.experiment_id}/runs/{run.info.run_id})"
    text = f"Of the run {link}, variant `{run.data.tags.get('variant', '')}`."
    return f"{text} On its test rows: {', '.join(scores)}." if scores else text


def decide_promotion(
    version: ModelVersion, rows: pd.DataFrame, target: str, task: str, settings: PromotionParameters, weight: str = ""
) -> PromotionDecision:
    """Decide whether a version becomes the champion of its case.

    Both logged models predict the same promotion rows from raw values.

    Args:
        version: the challenger.
        rows: the promotion rows in raw form with their target.
        target: its column.
        task: binary, multiclass or regression.
        settings: the case's `promotion` block.
        weight: column by which the rows count; empty for alike.
    """
    origin = version.tags.get(ORIGIN)
    if rows.empty:
        return PromotionDecision(False, "no rows were held back for it (split.promotion_share is 0)")
    if origin is None:
        return PromotionDecision(False, "the run read no raw files, so nothing tells where its data came from")
    champion = find_version(version.name)
    if champion is None:
        return PromotionDecision(True, f"the first with promotion rows ({len(rows):,})", {"promotion/rows": len(rows)})
    if champion.tags.get(ORIGIN) != origin and not settings.across_origins:
        return PromotionDecision(
            False,
            f"its data are of origin {origin}, those of the champion (version {champion.version}) of origin "
            f"{champion.tags.get(ORIGIN)}; promotion.across_origins=true lets one follow on the other",
        )
    return _compare(version, champion, rows, (target, weight), settings, settings.metric or main_metric(task).name)


def _compare(
    version: ModelVersion,
    champion: ModelVersion,
    rows: pd.DataFrame,
    labels: tuple[str, str],
    settings: PromotionParameters,
    metric: str,
) -> PromotionDecision:
    target, weight = labels
    inputs, keys = rows.drop(columns=target), rows[settings.key] if settings.key else None
    try:
        own, other = (predict_rows(each, inputs) for each in (version, champion))
        weights = rows[weight].to_numpy("float64") if weight else None
        comparison = compare_models(rows[target].to_numpy(), own, other, metric, keys, settings.bootstrap, weights)
    except Exception as error:  # noqa: BLE001 - a model of an older version may fail in any way; the champion stays
        return PromotionDecision(
            False, f"it cannot be compared with version {champion.version}: {type(error).__name__}: {error}"
        )
    metrics = {
        "promotion/rows": len(rows),
        f"promotion/{metric}": comparison.challenger,
        f"promotion/champion_{metric}": comparison.champion,
        "promotion/difference": comparison.difference,
        "promotion/difference_low": comparison.low,
        "promotion/difference_high": comparison.high,
    }
    against = f"{comparison.describe()} of version {champion.version} on {len(rows):,} promotion rows"
    return PromotionDecision(
        comparison.is_better_by(settings.margin), f"{against}; the margin is {settings.margin:g}", metrics
    )


def promote_if_better(
    version: ModelVersion, rows: pd.DataFrame | None, parameters: Mapping[str, Any], run_id: str, step: int = 0
) -> tuple[bool, str]:
    """Decide on a version's promotion and apply the decision, one version of a case at a time.

    Args:
        version: the challenger.
        rows: the promotion rows in raw form with their target; None where the run took none.
        parameters: the case's merged parameters.
        run_id: of the run that the decision is logged to.
        step: at which its metrics are logged.

    Returns:
        Whether it is champion now, and what was decided in one line.
    """
    # Pydantic is not needed to list commands.
    from casebook.config.schema import PromotionParameters

    settings = PromotionParameters.model_validate(parameters["promotion"])
    # Else two runs that end at once would both be measured against the same champion, and the worse one might stay.
    with lock_store(f"promotion-{version.name}"):
        decision = PromotionDecision(False, "the run took no promotion rows")
        if rows is not None:
            labels = (parameters["target"], parameters["task"])
            decision = decide_promotion(version, rows, *labels, settings, parameters.get("weight", ""))
        return decision.promoted, apply_decision(version, decision, run_id, step)


def predict_rows(version: ModelVersion, rows: pd.DataFrame) -> pd.DataFrame:
    """Predict raw rows with a version's logged model.

    Returns:
        The columns of `RowModel.predict`, a row for each raw row.
    """
    # Looking through all installed packages for versions that differ takes a twentieth of a short run; both models are
    # compared in the one environment that there is.
    model = mlflow.pyfunc.load_model(f"models:/{version.name}/{version.version}", suppress_warnings=True)
    # Keys of the rows are no input, of which MLflow would warn.
    inputs = model.metadata.get_input_schema()
    answers: pd.DataFrame = model.predict(
        rows[[name for name in rows if name in set(inputs.input_names())]] if inputs else rows
    )
    return answers


def apply_decision(version: ModelVersion, decision: PromotionDecision, run_id: str, step: int = 0) -> str:
    """Set the alias `champion` where the decision says so, and log the decision with the version and its run.

    Returns:
        The decision in one line.
    """
    client = MlflowClient()
    text = f"{'champion' if decision.promoted else 'no champion'}: {decision.reason}"
    client.set_model_version_tag(version.name, version.version, "promotion", text)
    if decision.promoted:
        client.set_registered_model_alias(version.name, CHAMPION, version.version)
    log_metrics(run_id, decision.metrics, step)
    set_tags(run_id, {"model.version": version.version, "promotion": text})
    return text
