"""The metric registry: name, tasks, direction and computation of every metric.

Test scores, curves, early stopping, studies, promotion, monitoring, importance, figures, the ledger and the names that
parameters allow all read this registry: to add a metric is to `register` it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from casebook.evaluation import metric_functions as functions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from casebook.evaluation.metric_functions import Scorer

Task = Literal["binary", "multiclass", "regression"]
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
LOSS = "loss"
# What a study can be judged by besides metrics: number of weights, seconds of training.
COSTS = ("weights", "seconds")
# A metric's name with one of these is an end of its interval.
INTERVAL_ENDS = ("_low", "_high")
# `test/auc`, `folds/baseline_accuracy_mean`, `test/accuracy_at_0.6`, `val/auc_std`.
_NAME = re.compile(
    r"(?:(?P<part>\w+)/)?(?:baseline_|reference_)?(?P<metric>\w+?)"
    r"(?:_mean|_std|_variance|_low|_high|_at_[\d.]+)?"
)


@dataclass(frozen=True)
class Metric:
    """A metric of predictions.

    Attributes:
        name: as in `test/<name>`.
        tasks: those that it judges.
        greater_is_better: else smaller.
        response: what is compared with the target: the chosen `class` (rows,), the `probability` of class 1 (rows,) or
            of each class (rows, classes), or the predicted `value` (rows,).
        per_row: computes a number a row of targets and responses, whose mean is the score. None for a metric that only
            all rows together have.
        over_all: makes the scorer of such a metric.
        counts: which rows count, by their target; None for all of them.
        root: whether the score is the root of that mean.
        label: name in figures; empty for the name itself.
    """

    name: str
    tasks: tuple[Task, ...]
    greater_is_better: bool
    response: Literal["class", "probability", "value"]
    per_row: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    over_all: Callable[[np.ndarray, np.ndarray], Scorer] | None = None
    counts: Callable[[np.ndarray], np.ndarray] | None = None
    root: bool = False
    label: str = ""

    def score(self, target: np.ndarray, response: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        """Compute the score of all rows; NaN where it is not defined on them, as an AUC of one class."""
        return self.scorer(target, response)(sample_weight)

    def scorer(self, target: np.ndarray, response: np.ndarray) -> Scorer:
        """Return a scorer for many weightings, as a bootstrap needs: what weights do not change is computed once.

        Returns:
            A function of weights, shape (rows,), or None for equal ones.
        """
        if self.over_all is not None:
            return self.over_all(target, response)
        mean = functions.mean_scorer(
            self._values(target, response), None if self.counts is None else self.counts(target)
        )
        return (lambda weights: mean(weights) ** 0.5) if self.root else mean

    def _values(self, target: np.ndarray, response: np.ndarray) -> np.ndarray:
        # Rows that do not count may divide by 0, and a network that diverged predicts infinities.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self.per_row(target, response)  # type: ignore[misc]  # `register` checks it

    @property
    def sign(self) -> int:
        """Return 1 where greater is better, else -1: times a difference it is the improvement."""
        return 1 if self.greater_is_better else -1

    @property
    def title(self) -> str:
        """Return the name in figures."""
        return self.label or self.name


class MetricName(NamedTuple):
    """A parsed metric name: `val/auc` is the part `val` and the metric `auc`."""

    part: str
    metric: str


METRICS: dict[str, Metric] = {}
CLASSES: tuple[Task, ...] = ("binary", "multiclass")
NUMBERS: tuple[Task, ...] = ("regression",)
MAIN_METRIC: dict[str, str] = {"binary": "auc", "multiclass": "accuracy", "regression": "mae"}


def register(metric: Metric) -> Metric:
    """Register a metric.

    Raises:
        ValueError: the name is taken or is none, or it has neither or both of `per_row` and `over_all`.
    """
    if metric.name in {*METRICS, LOSS, *COSTS} or parse_name(metric.name).metric != metric.name:
        raise ValueError(f"metric {metric.name!r}: the name is taken, or ends like the name of a mean or a deviation")
    if (metric.per_row is None) == (metric.over_all is None):
        raise ValueError(f"metric {metric.name!r}: give one of per_row and over_all")
    METRICS[metric.name] = metric
    return metric


def unregister(name: str) -> None:
    """Remove a metric from the registry."""
    del METRICS[name]


def metrics_of(task: str) -> tuple[Metric, ...]:
    """Return the metrics of a task in the order of the registry.

    Raises:
        ValueError: the task is unknown.
    """
    if task not in TASKS:
        raise ValueError(f"unknown task {task!r}; choose one of: {', '.join(TASKS)}")
    return tuple(metric for metric in METRICS.values() if task in metric.tasks)


def main_metric(task: str) -> Metric:
    """Return the default metric of a task: `auc`, `accuracy` or `mae`."""
    metrics_of(task)
    return find_metric(MAIN_METRIC[task], task)


def find_metric(name: str, task: str = "") -> Metric:
    """Look up a metric.

    Args:
        name: its own, or that of a score or curve like `val/auc`.
        task: that it must judge; empty for any.

    Raises:
        ValueError: there is none of that name, or none for the task; names those that there are.
    """
    known = METRICS if not task else {metric.name: metric for metric in metrics_of(task)}
    metric = known.get(parse_name(name).metric)
    if metric is None:
        what = f"does not fit the task {task}" if task else "is unknown"
        raise ValueError(f"metric {name} {what}: give {' or '.join(known)}")
    return metric


def parse_name(name: str) -> MetricName:
    """Parse the name of a score or curve, without its affixes (`_mean`, `_std`, `_at_0.6`, `baseline_`)."""
    found = _NAME.fullmatch(name)
    return MetricName(found["part"] or "", found["metric"]) if found else MetricName("", name)


def is_greater_better(name: str) -> bool:
    """Return whether a greater value of a score or curve is better; not so of losses and costs.

    Raises:
        ValueError: the metric is unknown.
    """
    return parse_name(name).metric not in {LOSS, *COSTS} and find_metric(name).greater_is_better


def check_names(names: Iterable[str], task: str) -> None:
    """Validate names of metrics for a task; losses and costs fit any.

    Raises:
        ValueError: names those that do.
    """
    for name in names:
        if parse_name(name).metric not in {LOSS, *COSTS}:
            find_metric(name, task)


for _metric in (
    Metric("accuracy", CLASSES, True, "class", functions.correct_predictions),
    Metric("auc", ("binary",), True, "probability", over_all=functions.area_scorer, label="AUC"),
    Metric("log_loss", CLASSES, False, "probability", functions.log_losses, label="log loss"),
    Metric("f1", ("binary",), True, "class", over_all=functions.f1_scorer, label="F1"),
    Metric("mae", NUMBERS, False, "value", functions.absolute_errors, label="MAE"),
    Metric("mse", NUMBERS, False, "value", lambda y, p: functions.absolute_errors(y, p) ** 2, label="MSE"),
    Metric("rmse", NUMBERS, False, "value", lambda y, p: functions.absolute_errors(y, p) ** 2, root=True, label="RMSE"),
    # Fractions on the rows whose target is above 0: Keras's are percentages and divide by almost 0 elsewhere.
    Metric(
        "rmspe", NUMBERS, False, "value", lambda y, p: functions.relative_errors(y, p) ** 2,
        counts=functions.above_zero, root=True, label="RMSPE",
    ),
    Metric("mape", NUMBERS, False, "value", functions.relative_errors, counts=functions.above_zero, label="MAPE"),
):  # fmt: skip
    register(_metric)
