"""A short search within a run: trials one after the other on its validation rows, until a budget of time is used up."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import optuna
from pydantic import ValidationError

from casebook.config.schema import FREE_MAPPINGS, StudyParameters, TrainingParameters
from casebook.config.tree import overlay, unflatten
from casebook.evaluation.metrics import COSTS, is_greater_better
from casebook.training.callbacks import TrainingCallback
from casebook.training.early_stopping import TrainingError
from casebook.tuning.objective import TrialError, evaluate_on_validation
from casebook.tuning.samplers import make_pruner
from casebook.tuning.search_space import read_space, suggest_values
from casebook.tuning.storage import quiet_optuna

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Protocol

    from casebook.training.cross_validation import Split

    class TrialMonitor(Protocol):
        """A child run and a console line for each trial."""

        def network(self, name: str, tags: Mapping[str, str]) -> AbstractContextManager[Sequence[Any]]:
            """Open a trial's run; returns the callbacks of its training."""

        def kept(self, metrics: Mapping[str, float]) -> None:
            """Log the figures of the open trial."""

        def broken_off(self, reason: str) -> None:
            """Say why the open trial has none."""


LOGGER = logging.getLogger(__name__)
# A space's names begin with a case, and this search knows of none.
ROOT = "run"


class _Deadline(TrainingCallback):
    """Prune a trial that is not through with its training when the budget is used up."""

    def __init__(self, until: float) -> None:
        self._until = until

    @property
    def is_over(self) -> bool:
        """Whether the budget is used up."""
        return time.monotonic() >= self._until

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - of Keras
        """Prune the trial between two epochs."""
        if epoch + 1 < self.params["epochs"] and self.is_over:
            raise optuna.TrialPruned("the time is over")


def search_training(
    split: Split, training: Mapping[str, Any], study: Mapping[str, Any], monitor: TrialMonitor
) -> tuple[dict[str, Any], dict[str, float]]:
    """Search what `study.space` varies of the training, each setting judged on the validation rows by `study.metric`.

    The settings as they are come first and are trained to their end however long that takes; then TPE chooses until
    `training.time_budget` minutes of wall-clock since then are over, or `study.trials` are done. What is being trained
    when they are over is broken off after its epoch and counts for nothing. The training that follows is not counted.

    Args:
        split: prepared training and validation rows, and their preprocessor.
        training: the case's `training` block.
        study: the case's `study` block; its folds, workers and storage are those of a whole study.
        monitor: opens a run for each trial.

    Returns:
        The best trial's leaves, by dotted name below `training`; and `search/trials`, `search/seconds`, `search/best`
        (the number of the best) and, where the settings as they were could be trained, `search/gain` (how much better
        it is than they).

    Raises:
        TrainingError: no setting could be trained to its end; says why the first one was not.
    """
    quiet_optuna()
    settings = StudyParameters.model_validate(study)
    trials = _Trials(split, training, settings, monitor)
    search = optuna.create_study(
        direction="maximize" if is_greater_better(trials.metric) else "minimize",
        sampler=optuna.samplers.TPESampler(seed=settings.seed),
        pruner=make_pruner("median", settings.pruning, int(training["epochs"])),
    )
    search.optimize(trials, settings.trials, timeout=60 * training["time_budget"])
    if all(trial.value is None for trial in search.get_trials(deepcopy=False)):
        raise TrainingError(f"training.time_budget: no setting could be trained; {trials.reasons[0]}")
    best = search.best_trial.number
    measured = {"trials": len(trials.found), "seconds": trials.seconds, "best": best}
    before = search.trials[0].value
    if before is None:
        LOGGER.warning("the search has no gain: the settings as they were could not be trained; %s", trials.reasons[0])
    else:
        measured["gain"] = abs(search.best_value - before)
    return trials.found[best], {f"search/{name}": float(value) for name, value in measured.items()}


class _Trials:
    """The objective: trains a setting and judges it."""

    def __init__(
        self, split: Split, training: Mapping[str, Any], study: StudyParameters, monitor: TrialMonitor
    ) -> None:
        self.metric = next((name for name in study.metric if name not in COSTS), "val/loss")
        self.found: list[dict[str, Any]] = []
        self.reasons: list[str] = []
        self._split, self._training, self._monitor = split, training, monitor
        self._judged_by = study.model_copy(update={"metric": [self.metric]})
        self._leaves = read_space(ROOT, {"training": study.space["training"]}, {"training": training}, FREE_MAPPINGS)
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the search began."""
        return time.monotonic() - self._began

    def __call__(self, trial: optuna.Trial) -> float:
        """Train and judge the settings as they are, then what is suggested.

        Raises:
            TrialPruned: they lag behind, cannot be trained, or the time is over.
        """
        values = suggest_values(self._leaves, trial, {ROOT: {"training": self._training}}) if self.found else {}
        leaves = {name.removeprefix(f"{ROOT}.training."): value for name, value in values.items()}
        self.found.append(leaves)
        tags = {"trial": str(trial.number), **{f"training.{name}": str(value) for name, value in leaves.items()}}
        # The first one has all the time that it takes.
        deadline = [_Deadline(self._began + 60 * self._training["time_budget"])] if trial.number else []
        with self._monitor.network(f"trial {trial.number}", tags) as own:
            try:
                chosen = TrainingParameters.model_validate(overlay(self._training, unflatten(leaves)))
                result = evaluate_on_validation(trial, self._split, chosen, self._judged_by, [*own, *deadline])
            except (optuna.TrialPruned, TrialError, TrainingError, ValidationError) as error:
                self.reasons.append(str(error))
                self._monitor.broken_off(str(error))
            else:
                self._monitor.kept({name: value for name, value in result.metrics.items() if name not in COSTS})
                return result.values[0]
        raise optuna.TrialPruned(self.reasons[-1])
