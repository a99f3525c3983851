"""Curves of a run, written to MLflow while it trains."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric

from casebook.runtime.signals import deferred_signals
from casebook.tracking.late_writing import LateWriter, is_server
from casebook.tracking.mlflow_client import METRICS_A_BATCH, drop_not_finite

if TYPE_CHECKING:
    from collections.abc import Mapping

# Curves are written once in so many seconds: often enough to be watched, and not 150 times for 150 short epochs.
FLUSH_SECONDS = 1.0


class CurveWriter:
    """Logs a run's curves while it trains, several short epochs in one call.

    To a server they are logged in a thread: while it is away the training goes on, and they arrive late and whole.
    """

    def __init__(self, run_id: str, fresh: bool = False) -> None:
        """Store the run; steps that it holds already are not logged twice.

        Args:
            run_id: the run.
            fresh: whether it was opened just now, and holds none.
        """
        self._run_id, self._client, self._fresh = run_id, MlflowClient(), fresh
        self._to_server = is_server(mlflow.get_tracking_uri())
        self._late: LateWriter | None = None
        self._logged: dict[str, int] = {}
        self._waiting: list[Metric] = []
        self._written = 0.0

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Buffer one epoch's metrics; log the buffer once a second."""
        now = time.time()
        self._waiting += [
            Metric(name, float(value), int(now * 1000), epoch)
            for name, value in drop_not_finite(self._run_id, metrics, epoch).items()
            if epoch > self._last_step(name)
        ]
        if now - self._written >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Log the buffered points."""
        for start in range(0, len(self._waiting), METRICS_A_BATCH):
            log = partial(self._client.log_batch, self._run_id, metrics=self._waiting[start : start + METRICS_A_BATCH])
            if self._to_server:
                self._late = self._late or LateWriter()
                self._late.submit(log)
                continue
            with deferred_signals():
                log()
        self._waiting, self._written = [], time.time()

    def close(self) -> None:
        """Log what is left, and wait until a server has it; more may follow."""
        self.flush()
        if self._late is not None:
            self._late.close()
            self._late = None

    def _last_step(self, name: str) -> int:
        if self._fresh:
            return -1
        if name not in self._logged:
            known = self._client.get_metric_history(self._run_id, name)
            self._logged[name] = max((point.step for point in known), default=-1)
        return self._logged[name]
