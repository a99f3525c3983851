"""Test predictions as the page judges them: targets, outputs, classes and weights, and each row's own score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from casebook.evaluation.metrics import find_metric, metrics_of
from casebook.inference.predictions import choose_class, read_predictions, task_of

if TYPE_CHECKING:
    import pandas as pd

    from casebook.evaluation.metric_functions import Scorer
    from casebook.evaluation.metrics import Metric, Task

# By which single rows are ranked.
ROW_LOSS = {"binary": "log_loss", "multiclass": "log_loss", "regression": "mae"}


@dataclass(frozen=True)
class Judged:
    """A model's predictions of test rows.

    Attributes:
        task: of the predictions.
        target: 0 or 1, class numbers, or numbers; shape (rows,).
        outputs: probability of 1 or predicted number, shape (rows,), or of each class, (rows, classes).
        threshold: lowest probability that counts as class 1.
        weights: of the rows, float64; None for equal ones.
    """

    task: Task
    target: np.ndarray
    outputs: np.ndarray
    threshold: float
    weights: np.ndarray | None = None

    @classmethod
    def of(cls, predictions: pd.DataFrame, threshold: float) -> Judged:
        """Read a table of predictions; see `frame_predictions`."""
        weights = predictions["weight"].to_numpy(np.float64) if "weight" in predictions else None
        target = predictions["actual"].to_numpy()
        return cls(task_of(predictions), target, read_predictions(predictions), threshold, weights)

    def take(self, rows: np.ndarray) -> Judged:
        """Select rows by their places."""
        weights = None if self.weights is None else self.weights[rows]
        return Judged(self.task, self.target[rows], self.outputs[rows], self.threshold, weights)

    @property
    def classes(self) -> np.ndarray:
        """The predicted classes, shape (rows,); of a regression the predicted numbers."""
        return self.outputs if self.task == "regression" else choose_class(self.task, self.outputs, self.threshold)

    def response(self, metric: Metric) -> np.ndarray:
        """What a metric compares with the target."""
        return self.classes if metric.response == "class" else self.outputs

    def scorers(self) -> dict[str, Scorer]:
        """Prepare the scorers of the task's metrics, by name."""
        return {m.name: m.scorer(self.target, self.response(m)) for m in metrics_of(self.task)}

    def score_rows(self, metric: Metric) -> np.ndarray:
        """Compute each row's own score by a metric that is a mean: float64 of shape (rows,)."""
        scored: np.ndarray = metric.per_row(self.target, self.response(metric))  # type: ignore[misc]
        return scored

    @property
    def row_metric(self) -> Metric:
        """The metric of segments: the first of the task, a mean over rows (accuracy or MAE)."""
        return metrics_of(self.task)[0]

    @property
    def losses(self) -> np.ndarray:
        """Each row's loss, by which the worst are found: log loss or absolute error."""
        return self.score_rows(find_metric(ROW_LOSS[self.task]))
