"""Settings of trials: the hyperparameters of a study, its first trials, and what a trial suggests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna

from casebook.config.resolve import DEFAULT, InvalidParametersError, check_case
from casebook.config.schema import FREE_MAPPINGS, NOT_CONDITIONS
from casebook.config.schema.training import OF_A_RUN
from casebook.config.schema.tuning import NETWORK
from casebook.config.tree import flatten, look_up
from casebook.evaluation.metrics import COSTS, metrics_of
from casebook.tuning.hyperparameters import Hyperparameter, SpaceError
from casebook.tuning.plan import VARIANT, StudyPlan, apply_trial_values
from casebook.tuning.samplers import ENUMERATING_SAMPLERS, make_sampler
from casebook.tuning.search_space import (
    encode_values,
    is_active,
    list_grid,
    read_space,
    space_of_settings,
    suggest_values,
)
from casebook.tuning.storage import quiet_optuna
from casebook.tuning.trials import SETTING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.config.schema.tuning import StudyParameters

# So many settings are drawn from a space to see whether they make sense, before anything is read.
SAMPLED_SETTINGS = 25
MAX_GRID_TRIALS = 10_000


def list_hyperparameters(plan: StudyPlan) -> list[Hyperparameter]:
    """List the hyperparameters of a study: those of its space, or for `manual` those of its list."""
    if plan.study.sampler == "manual":
        return space_of_settings(read_first_settings(plan))
    return read_space(plan.case, plan.study.space, plan.parameters, FREE_MAPPINGS)


def read_first_settings(plan: StudyPlan, leaves: list[Hyperparameter] | None = None) -> list[dict[str, Any]]:
    """Read the settings of `study.first` in their order: dotted name -> value.

    Args:
        plan: the study.
        leaves: of its space; a variant named in the list is then replaced by its values of these.
    """
    values = []
    for entry in plan.study.first:
        if isinstance(entry, dict):
            values.append({f"{plan.case}.{name}": value for name, value in flatten(entry).items()})
        elif leaves is None:
            values.append({_known_variant(plan, entry): entry})
        else:
            values.append(_values_of_variant(plan, leaves, _known_variant(plan, entry), entry))
    return values


def _known_variant(plan: StudyPlan, variant: str) -> str:
    """Return the dotted name of the variant parameter.

    Raises:
        SpaceError: there is no such variant.
    """
    variants = [DEFAULT, *sorted(plan.parameters["variants"])]
    if variant not in variants:
        raise SpaceError(f"{plan.case}.study.first: there is no variant {variant!r}; there are {', '.join(variants)}")
    return f"{plan.case}.{VARIANT}"


def _values_of_variant(plan: StudyPlan, leaves: list[Hyperparameter], key: str, variant: str) -> dict[str, Any]:
    """Look up a variant's values of the hyperparameters of a space."""
    tree = {plan.case: apply_trial_values(plan.parameters, {key: variant})}
    found: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    for leaf in leaves:
        if is_active(leaf, asked, tree):
            found[leaf.name] = look_up(tree, leaf.name, None)
            try:
                asked |= leaf.encode(found[leaf.name])
            except SpaceError as error:
                first = f"{plan.case}.study.first"
                told = f"which {first} tries, has it: widen the space, or leave it out of {first}"
                raise SpaceError(f"{error}; the variant {variant}, {told}") from None
    return found


def list_enqueued(plan: StudyPlan, leaves: list[Hyperparameter]) -> list[dict[str, Any]]:
    """List the trials to enqueue when a study is created, in Optuna's names and values.

    Raises:
        SpaceError: a grid has more than `MAX_GRID_TRIALS` combinations, or a setting lies outside the space.
    """
    settings = read_first_settings(plan, None if plan.study.sampler == "manual" else leaves)
    if plan.study.sampler == "grid":
        settings += [values for values in list_grid(leaves, {plan.case: plan.parameters}) if values not in settings]
    if len(settings) > MAX_GRID_TRIALS:
        raise SpaceError(f"{plan.case}.study: {len(settings):,} combinations are too many for a grid")
    return [encode_values(leaves, values) for values in settings]


def suggest_trial(plan: StudyPlan, leaves: list[Hyperparameter], trial: optuna.Trial) -> dict[str, Any]:
    """Suggest a trial's values; of a list, only the hyperparameters that its setting names."""
    if plan.study.sampler == "manual":
        named = trial.user_attrs[SETTING]
        leaves = [leaf for leaf in leaves if leaf.name in named]
    return suggest_values(leaves, trial, {plan.case: plan.parameters})


def check_study(plan: StudyPlan) -> list[dict[str, Any]]:
    """Validate a study before any data is read.

    Returns:
        The trials to enqueue when the study is created.

    Raises:
        SpaceError: names the dotted key and what is wrong with it.
    """
    quiet_optuna()
    study, case = plan.study, plan.case
    _check_metrics(plan)
    leaves = list_hyperparameters(plan)
    if not leaves:
        where = "first" if study.sampler == "manual" else "space"
        raise SpaceError(f"{case}.study.{where} is empty: name what varies in conf/base/{case}/parameters.yml")
    make_sampler(study, study.seed)
    first = list_enqueued(plan, leaves)
    settings = read_first_settings(plan, None if study.sampler == "manual" else leaves)
    if study.sampler not in ENUMERATING_SAMPLERS:
        drawing = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        settings += [suggest_trial(plan, leaves, drawing.ask()) for _ in range(SAMPLED_SETTINGS)]
    for values in settings:
        _check_setting(case, plan.parameters, values)
    return first


def _check_setting(case: str, base: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    try:
        check_case(case, apply_trial_values(base, values))
    except InvalidParametersError as error:
        shown = ", ".join(f"{name}={value}" for name, value in values.items())
        raise SpaceError(f"{case}.study: a setting of the space is no valid setting ({shown}): {error}") from None


def _check_metrics(plan: StudyPlan) -> None:
    """Refuse metrics that are not measured and rows that a study must not see."""
    study, split, training = plan.study, plan.parameters["split"], plan.parameters["training"]
    if not study.folds and split["validation_on"] == "test":
        raise SpaceError(
            f"{plan.case}.split.validation_on is test: a study would be judged on the test rows; use folds"
        )
    if not study.folds and not (split["validation_share"] or split["validation_days"]):
        raise SpaceError(
            f"{plan.case}.split leaves no validation rows to judge a trial by; give {plan.case}.study.folds"
        )
    curves, scores = ("loss", *training["metrics"]), (metric.name for metric in metrics_of(plan.parameters["task"]))
    measured = {f"val/{name}" for name in (scores if study.folds else curves)} | set(COSTS)
    for metric in study.metric:
        if metric not in measured:
            there = f"there are {', '.join(sorted(measured))}"
            lack = f"is not scored on folds; {there}" if study.folds else f"is not measured while training; {there}"
            more = "" if study.folds else f"; {plan.case}.training.metrics adds others"
            raise SpaceError(f"{plan.case}.study.metric {metric!r} {lack}{more}")


def define_study(plan: StudyPlan) -> dict[str, Any]:
    """Return the definition of a study; launches may differ in trials, workers, sampler and pruner, not in this."""
    study: StudyParameters = plan.study
    left_out = {"reference", "sample", "evaluation", *NOT_CONDITIONS}
    training = {name: value for name, value in plan.parameters["training"].items() if name not in OF_A_RUN}
    parameters = {**plan.parameters, "training": training}
    beside = {} if plan.judged == NETWORK else {"judged": plan.judged, "reference": plan.parameters["reference"]}
    return {
        **beside,
        "space": study.space,
        "first": study.first,
        "listed": study.sampler if study.sampler in ENUMERATING_SAMPLERS else "",
        "metric": study.metric,
        "direction": study.direction,
        "folds": study.folds,
        "parameters": {name: value for name, value in parameters.items() if name not in left_out},
        "data": plan.fingerprint,
    }
