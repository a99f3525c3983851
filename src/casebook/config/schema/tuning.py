"""Parameters of a study: search space, metric and budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from casebook.config.schema.training import OF_A_RUN, EnsembleParameters
from casebook.config.schema.types import Names, Parameters, Seed, list_from_text, refuse_repeated
from casebook.config.tree import look_up
from casebook.evaluation.metrics import COSTS, is_greater_better

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a trial is judged by, as the leaderboard names it.
NETWORK, ENSEMBLE = "network", "network and boosted trees"
Direction = Literal["maximize", "minimize"]
Directions = Annotated[list[Direction], list_from_text("+")]
Sampler = Literal["manual", "grid", "random", "tpe", "gp", "cmaes", "qmc"]
Pruner = Literal["none", "median", "hyperband", "successive_halving", "wilcoxon", "patient"]


class PruningParameters(Parameters):
    """Warm-up of the pruner: finished trials, and epochs (or folds) of a trial, before it may prune."""

    startup_trials: int = Field(default=5, ge=0)
    warmup_steps: int = Field(default=2, ge=0)
    patience: int = Field(default=3, ge=1, description="steps without progress that `patient` lets pass")
    p_threshold: float = Field(default=0.1, gt=0, lt=1, description="of `wilcoxon`")


class StudyParameters(Parameters):
    """The hyperparameter search of a case; its space is a tree of the searched parameters alone."""

    name: str = Field(default="", description="empty for the case's name")
    metric: Names = Field(default=["val/loss"], description="one, or two joined by + for a Pareto study")
    direction: Directions = Field(default=[], validate_default=True, description="empty: follows from the metric")
    trials: int = Field(default=50, ge=1, description="in all, over every launch and worker")
    seconds: float = Field(default=0, ge=0, description="wall-clock budget of one launch; 0 for none")
    workers: int = Field(default=2, ge=1)
    max_trials_per_worker: int = Field(
        default=20, ge=1, description="trials after which a worker process makes room for a new one"
    )
    sampler: Sampler = "tpe"
    seed: Seed = 1
    pruner: Pruner = "median"
    pruning: PruningParameters = PruningParameters()
    folds: int = Field(
        default=0, ge=0, description="judge on so many folds of the rows outside the test; 0: validation"
    )
    storage: str = Field(default="", description="postgresql://... or journal:///file; empty: a journal in data/")
    max_failed_share: float = Field(default=0.5, gt=0, le=1, description="share of failed trials that stops the study")
    seeds: int = Field(default=3, ge=1, description="trainings of the winner and of the default on the test rows")
    first: Annotated[list[str | dict[str, Any]], AfterValidator(refuse_repeated), list_from_text("+")] = Field(
        default=["default"], description="variants, or leaves, tried first"
    )
    space: dict[str, Any] = Field(default_factory=dict)
    winner_of: str = Field(default="", description="in the variant `best`: the study's run and the trial")

    @field_validator("space", "first")
    @classmethod
    def _refuse_leaves_of_runs(cls, searched: Any) -> Any:  # noqa: ANN401 - a tree, or several
        for tree in searched if isinstance(searched, list) else [searched]:
            training = look_up(tree, "training", None)
            for name in sorted(OF_A_RUN & training.keys() if isinstance(training, dict) else ()):
                # An environment may say of a leaf that it does not vary.
                if training[name] is not None:
                    raise ValueError(f"training.{name} is what a run does, and no trial goes by it: leave it out")
        return searched

    @field_validator("metric")
    @classmethod
    def _check_metric(cls, metric: list[str]) -> list[str]:
        if not 1 <= len(metric) <= 2:
            raise ValueError("give one metric, or two joined by + for a Pareto study")
        for name in metric:
            if not name.startswith("val/") and name not in COSTS:
                raise ValueError(f"metric {name!r}: give val/<metric> or one of {', '.join(COSTS)}")
            is_greater_better(name)
        return metric

    @field_validator("direction")
    @classmethod
    def _follow_metric(cls, direction: list[Direction], info: ValidationInfo) -> list[Direction]:
        metric = info.data.get("metric")
        if metric is None:
            return direction
        follows: list[Direction] = ["maximize" if is_greater_better(name) else "minimize" for name in metric]
        if direction and direction != follows:
            raise ValueError(
                f"direction {'+'.join(direction)} contradicts metric {'+'.join(metric)}: give "
                f"{'+'.join(follows)}, or leave it out"
            )
        return follows

    @model_validator(mode="after")
    def _check_together(self) -> StudyParameters:
        if len(self.metric) == 2 and self.pruner != "none":
            raise ValueError(f"pruner {self.pruner}: a Pareto study cannot prune; give none")
        if self.folds == 1:
            raise ValueError("one fold leaves nothing to train on; give 0 for the validation rows, or at least 2")
        if self.pruner == "wilcoxon" and not self.folds:
            raise ValueError("pruner wilcoxon compares folds: give folds of at least 2")
        return self


def name_judged(parameters: Mapping[str, Any]) -> str:
    """Name what a trial is judged by: its network; on folds beside the boosted trees that a run of the case has.

    Validation rows choose the weights of network and trees, and so cannot judge both together.
    """
    with_trees = parameters["study"]["folds"] and parameters["training"]["ensemble"]["reference"]
    return ENSEMBLE if with_trees else NETWORK


def describe_judged(parameters: Mapping[str, Any]) -> str:
    """Describe what trials are judged by where a run of the case trains an ensemble; empty where it trains none."""
    # Runs of earlier versions have no such block.
    if not EnsembleParameters.model_validate(look_up(parameters, "training.ensemble", {})).has_weights:
        return ""
    return (
        f"Trials are judged by one {name_judged(parameters)}; winner and default are scored on the test rows as a run "
        "trains them, as an ensemble."
    )
