"""The objective of a trial: its metrics on the validation rows after each epoch, or their mean over folds.

A metric is computed by `evaluation.scores` (`score_outputs` after an epoch, `score_network` of a fold), `val/loss` by
the training loop; `study.metric` names those that are optimised.
"""

from __future__ import annotations

import math
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import optuna

from casebook.evaluation.metrics import COSTS
from casebook.models.network_ensemble import BOOSTED_TREES, list_networks, name_networks
from casebook.training.callbacks import TrainingCallback
from casebook.training.cross_validation import Split, evaluate_fold
from casebook.training.curves import explain_divergence, name_curves, read_curves
from casebook.training.early_stopping import kept_epoch
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import keras

    from casebook.baselines.gradient_boosting import BoostedTrees
    from casebook.config.schema import TrainingParameters
    from casebook.config.schema.tuning import StudyParameters
    from casebook.evaluation.thresholds import ThresholdRule


class TrialResult(NamedTuple):
    """Result of a finished trial: the objective values, all measured metrics, and the number of epochs kept."""

    values: tuple[float, ...]
    metrics: dict[str, float]
    epochs: int


class TrialError(RuntimeError):
    """A trial without a valid objective value."""


class PruningCallback(TrainingCallback):
    """Report each epoch's value to Optuna; prune a trial that lags behind, fail one whose loss is not finite."""

    def __init__(self, trial: optuna.Trial, metric: str | None, *, restores_best: bool = False) -> None:
        """Store the trial and the name of the curve to report; None reports nothing.

        Args:
            trial: Optuna's.
            metric: name of the curve.
            restores_best: whether a training that diverges goes back to its best epoch, as in a run.
        """
        self._trial, self._metric, self._restores_best = trial, metric, restores_best

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report the epoch's value and prune the trial where Optuna says so.

        Raises:
            TrialPruned: the trial lags behind.
            TrialError: training diverged, or the metric is not measured or not defined on these rows.
        """
        metrics, number = read_curves(logs or {}, self.params), epoch + 1
        diverged = explain_divergence(metrics)
        if diverged and not self._restores_best:
            raise TrialError(f"{diverged} after epoch {number}: training diverged")
        if self._metric is None or diverged:
            return
        if self._metric not in metrics:
            raise TrialError(f"{self._metric} is not among what training measures: {', '.join(sorted(metrics))}")
        if math.isnan(metrics[self._metric]):
            raise TrialError(f"{self._metric} is not defined on these rows: of one class, or without a target above 0")
        self._trial.report(metrics[self._metric], number)
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"after epoch {number}")


def evaluate_on_validation(
    trial: optuna.Trial,
    split: Split,
    training: TrainingParameters,
    study: StudyParameters,
    callbacks: Sequence[TrainingCallback],
) -> TrialResult:
    """Train on the training rows and return the metrics of the epoch whose weights are kept.

    Raises:
        TrialPruned: it lags behind the trials before it.
        TrialError: a loss is not a number, or the metric is not measured.
    """
    began = time.perf_counter()
    curve = next((metric for metric in study.metric if metric not in COSTS), None)
    prunes = curve if len(study.metric) == 1 else None
    pruning = PruningCallback(trial, prunes, restores_best=_restores_best(training))
    network, history = train_network(*split, training, [*callbacks, pruning])
    kept = kept_epoch(history, training)
    metrics = {str(k): float(v) for k, v in history.iloc[kept].items() if k != "epoch"}
    metrics |= _costs(network, began)
    return TrialResult(_select_objectives(metrics, study), metrics, kept + 1)


def evaluate_on_folds(
    trial: optuna.Trial,
    splits: Iterable[Split],
    task: str,
    rule: ThresholdRule,
    training: TrainingParameters,
    study: StudyParameters,
    make_callbacks: Callable[[int], Sequence[TrainingCallback]],
    fit_trees: Callable[[int, Split], BoostedTrees] | None = None,
) -> TrialResult:
    """Train once a fold and return the mean metrics over the folds; each fold is a step at which pruning may happen.

    `make_callbacks` builds those of a fold from the number of its first epoch, so that a trial has one curve.
    `fit_trees` fits boosted trees on the rows of a fold, by its place, for an ensemble that has them.
    """
    began, found, epochs = time.perf_counter(), [], []
    for number, split in enumerate(splits, start=1):
        pruning = PruningCallback(trial, None, restores_best=_restores_best(training))
        callbacks = [*make_callbacks((number - 1) * training.epochs + 1), pruning]
        trees = None if fit_trees is None else partial(fit_trees, number - 1)
        network, kept, scores = evaluate_fold(split, task, rule, training, callbacks, trees)
        found.append(name_curves(scores, "val"))
        epochs.append(kept)
        _report_fold(trial, study, found)
    # What one fold does not define, such as relative errors of zeros, has no mean over all of them.
    everywhere = [name for name in found[0] if all(name in fold for fold in found)]
    metrics = {name: float(np.mean([fold[name] for fold in found])) for name in everywhere}
    metrics |= {f"{name}_std": float(np.std([fold[name] for fold in found])) for name in everywhere}
    metrics |= _costs(network, began)
    return TrialResult(_select_objectives(metrics, study), metrics, round(float(np.mean(epochs))))


def _report_fold(trial: optuna.Trial, study: StudyParameters, found: list[dict[str, float]]) -> None:
    """Report a fold: its own value where folds are compared one by one, else the mean so far."""
    metric = study.metric[0]
    if len(study.metric) > 1 or metric in COSTS:
        return
    if metric not in found[-1]:
        raise TrialError(f"{metric} is not scored on folds; there are {', '.join(found[-1])}")
    values = [fold[metric] for fold in found]
    trial.report(values[-1] if study.pruner == "wilcoxon" else float(np.mean(values)), len(found))
    if trial.should_prune():
        raise optuna.TrialPruned(f"after fold {len(found)}")


def _restores_best(training: TrainingParameters) -> bool:
    return training.early_stopping.patience > 0 and training.early_stopping.restore_best


def _costs(network: keras.Model, began: float) -> dict[str, float]:
    members = zip(name_networks(network), list_networks(network), strict=True)
    weights = sum(member.count_params() for name, member in members if name != BOOSTED_TREES)
    return {"weights": float(weights), "seconds": time.perf_counter() - began}


def _select_objectives(metrics: Mapping[str, float], study: StudyParameters) -> tuple[float, ...]:
    """Select the study's metrics.

    Raises:
        TrialError: one was not measured, or is not a number.
    """
    missing = [name for name in study.metric if not math.isfinite(metrics.get(name, math.nan))]
    if missing:
        raise TrialError(f"{missing[0]} is {metrics.get(missing[0], 'not measured')}; there are {', '.join(metrics)}")
    return tuple(metrics[name] for name in study.metric)
