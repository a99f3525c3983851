"""A trial's MLflow run, logged from the worker that trains it."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from casebook.tracking.curve_writer import CurveWriter
from casebook.tracking.late_writing import outlast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.cluster.tickets import Outcome
    from casebook.tuning.trial_runs import TrialRuns


class RunReporter:
    """Logs a trial to its MLflow run from the worker that trains it, which does not wait until the run is opened."""

    def __init__(self, runs: TrialRuns, outcome: Outcome) -> None:
        """Store the runs, and the outcome to fill in."""
        self._runs, self._outcome = runs, outcome
        self._opened: Future[str] | None = None
        self._curves: CurveWriter | None = None

    def start(self, trial: int, values: Mapping[str, Any], retry_of: int | None) -> None:
        """Have the trial's run opened, in a thread."""
        opening = ThreadPoolExecutor(1)
        self._opened = opening.submit(lambda: outlast(lambda: self._runs.start(trial, values, retry_of)))
        opening.shutdown(wait=False)

    def send_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Log an epoch's metrics.

        Raises:
            MlflowException: the server refused to open the run.
        """
        if self._curves is None and self._opened is not None:
            self._curves = CurveWriter(self._await_run(self._opened), fresh=True)
        if self._curves is not None:
            self._curves(number, metrics)

    def find_run(self) -> str:
        """Return the id of the trial's run; empty where none was opened."""
        if self._opened is None or self._opened.exception() is not None:
            return ""
        return self._await_run(self._opened)

    def end(self, state: str, message: str, metrics: Mapping[str, float], seconds: float) -> None:
        """Log what is left of the curves, and end the run."""
        outcome, began = self._outcome, time.perf_counter()
        outcome.state, outcome.message, outcome.metrics = state, message, dict(metrics)
        if self.find_run():
            if self._curves is not None:
                self._curves.close()
            outlast(lambda: self._runs.end(outcome.number, state, message, metrics))
        outcome.seconds["training"] = seconds - outcome.seconds.get("storing", 0.0)
        outcome.seconds["storing"] = outcome.seconds.get("storing", 0.0) + time.perf_counter() - began

    def _await_run(self, opened: Future[str]) -> str:
        """Wait until the run is opened, and count that as storing."""
        began = time.perf_counter()
        run_id = opened.result()
        self._outcome.seconds["storing"] = self._outcome.seconds.get("storing", 0.0) + time.perf_counter() - began
        return run_id
