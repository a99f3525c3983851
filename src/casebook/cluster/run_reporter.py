"""A trial's MLflow run, logged from the worker that trains it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from casebook.tracking.curve_writer import CurveWriter
from casebook.tracking.late_writing import outlast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.cluster.tickets import Outcome
    from casebook.tuning.trial_runs import TrialRuns


class RunReporter:
    """Logs a trial to its MLflow run from the worker that trains it."""

    def __init__(self, runs: TrialRuns, outcome: Outcome) -> None:
        """Store the runs, and the outcome to fill in."""
        self._runs, self._outcome = runs, outcome
        self._run_id = ""
        self._curves: CurveWriter | None = None

    def start(self, trial: int, values: Mapping[str, Any], retry_of: int | None) -> None:
        """Open the trial's run."""
        began = time.perf_counter()
        self._run_id = outlast(lambda: self._runs.start(trial, values, retry_of))
        self._curves = CurveWriter(self._run_id, fresh=True)
        self._outcome.seconds["storing"] = time.perf_counter() - began

    def send_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Log an epoch's metrics."""
        if self._curves is not None:
            self._curves(number, metrics)

    def find_run(self) -> str:
        """Return the id of the trial's run."""
        return self._run_id

    def end(self, state: str, message: str, metrics: Mapping[str, float], seconds: float) -> None:
        """Log what is left of the curves, and end the run."""
        outcome, began = self._outcome, time.perf_counter()
        outcome.state, outcome.message, outcome.metrics = state, message, dict(metrics)
        if self._curves is not None:
            self._curves.close()
            outlast(lambda: self._runs.end(outcome.number, state, message, metrics))
        outcome.seconds["training"] = seconds - outcome.seconds.get("storing", 0.0)
        outcome.seconds["storing"] = outcome.seconds.get("storing", 0.0) + time.perf_counter() - began
