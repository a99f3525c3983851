"""A worker process of a study: it claims trials, trains them and reports each step to its launch.

Started by `worker_pool.WorkerPool` as `python -m casebook.tuning.worker <plan> <descriptor>`; it writes messages, a
JSON object a line, to the descriptor, and reads the id of a trial's MLflow run from its standard input when it asks.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casebook.compute.gc_tuning import freeze_gc
from casebook.tuning.cancellation import CancellationToken
from casebook.tuning.plan import StudyPlan
from casebook.tuning.trial_runner import TrialRunner
from casebook.tuning.trial_settings import list_hyperparameters, suggest_trial
from casebook.tuning.trial_splits import TrialSplits
from casebook.tuning.trials import claim_trial

if TYPE_CHECKING:
    from collections.abc import Mapping

# How a worker ends: nothing is left to do, or it made room for a fresh process.
NO_TRIAL_LEFT, ORPHANED, RECYCLED = 0, 1, 10
POLL_SECONDS = 1.0


class Reporter:
    """Sends messages to the launch."""

    def __init__(self, descriptor: int) -> None:
        """Open the descriptor for writing."""
        self._pipe = os.fdopen(descriptor, "w", buffering=1)
        self._number, self._run_id = -1, ""

    def start(self, trial: int, values: Mapping[str, Any], retry_of: int | None) -> None:
        """Tell that a trial begins."""
        self._number, self._run_id = trial, ""
        self._send("start", values=values, retry_of=retry_of)

    def send_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Send an epoch's metrics."""
        self._send("epoch", number=number, metrics=dict(metrics))

    def find_run(self) -> str:
        """Return the id of the trial's MLflow run, which the launch sends once it has logged all that it was sent.

        A launch that was killed has not, and what it had not read is lost: this worker is to exit before its trial
        counts as finished, so that the next launch runs it again.
        """
        if not self._run_id:
            self._send("find_run")
            line = sys.stdin.readline()
            if not line:
                os._exit(ORPHANED)
            self._run_id = line.strip()
        return self._run_id

    def end(self, state: str, message: str, metrics: Mapping[str, float], seconds: float) -> None:
        """Tell how the trial ended."""
        self._send("end", state=state, message=message, metrics=dict(metrics), seconds=seconds)

    def _send(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Send one message; where the launch is gone, so is this worker, and the next launch runs its trial again."""
        try:
            self._pipe.write(json.dumps({"event": event, "trial": self._number, **facts}) + "\n")
        except BrokenPipeError:
            os._exit(ORPHANED)


class Worker:
    """Claims trials of one plan and runs them."""

    def __init__(self, plan: StudyPlan, reporter: Reporter, token: CancellationToken) -> None:
        """Open the study."""
        self._plan, self._token = plan, token
        self._settings = plan.study
        self._location = plan.open()
        self._space = list_hyperparameters(plan)
        self._study = self._location.load(pruner=plan.make_pruner())
        self._splits = TrialSplits(plan)
        self._runner = TrialRunner(plan, self._study, reporter, token)

    def run(self) -> int:
        """Run trials until none is left, or until this process is to be recycled; return its exit code."""
        for _ in range(self._settings.max_trials_per_worker):
            if self._token.requested or (self._plan.until and time.time() > self._plan.until):
                return NO_TRIAL_LEFT
            trial = claim_trial(self._location, self._study, self._settings)
            if trial is None:
                return NO_TRIAL_LEFT
            self._runner.run(trial, partial(suggest_trial, self._plan, self._space, trial), self._splits.find)
        return RECYCLED


def exit_with_parent() -> None:
    """Exit once the launch is gone, even when it was killed; the next launch then retries the trial."""
    parent = os.getppid()

    def watch_parent() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        os._exit(ORPHANED)

    threading.Thread(target=watch_parent, daemon=True).start()


def main(file: str, descriptor: str) -> int:
    """Run trials of a plan file; return the exit code."""
    token = CancellationToken()
    exit_with_parent()
    from casebook.compute.tensorflow_startup import start_tensorflow

    start_tensorflow()
    # Before a trial is claimed: its seconds are its own, and between two trials only what one left is looked through.
    from casebook.evaluation import scores  # noqa: F401

    freeze_gc()
    return Worker(StudyPlan.read(Path(file)), Reporter(int(descriptor)), token).run()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
