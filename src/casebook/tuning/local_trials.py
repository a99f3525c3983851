"""Trials on this machine: a pool of worker processes that claim them, whose runs the launch logs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from casebook.tuning.errors import StudyFailedError
from casebook.tuning.worker_pool import WorkerHandle, WorkerPool

if TYPE_CHECKING:
    from casebook.tuning.execution import Launch
    from casebook.tuning.plan import StudyPlan


class LocalTrials:
    """Runs trials in processes of this machine."""

    def prepare(self, _plan: StudyPlan) -> None:
        """Begin with nothing: the cores are the launch's until its tables are read."""

    def run(self, launch: Launch) -> None:
        """Run a pool of workers until the budget is used up; see `execution.TrialExecutor`."""
        plan = launch.plan
        with TemporaryDirectory() as folder:
            file = plan.write(Path(folder) / "plan.json")
            size = min(plan.study.workers, launch.count_left())
            messages = _Messages(launch)
            pool = WorkerPool(file, size, plan.threads, messages.log)
            pool.run(messages.retry_lost, launch.check_failures)


class _Messages:
    """What workers say to their launch."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch

    def log(self, worker: WorkerHandle, message: dict[str, Any]) -> None:
        """Log a worker's message to MLflow and the console."""
        trial, launch = message["trial"], self._launch
        if message["event"] == "start":
            launch.trial_runs.start(trial, message["values"], message["retry_of"])
        elif message["event"] == "find_run":
            worker.send_line(launch.trial_runs.find(trial))
        elif message["event"] == "epoch":
            launch.trial_runs.log_epoch(trial, message["number"], message["metrics"])
        else:
            state, metrics, text = message["state"], message["metrics"], message["message"]
            launch.trial_runs.end(trial, state, text, metrics)
            launch.report_end(trial, state, metrics, text, message["seconds"])

    def retry_lost(self, worker: WorkerHandle, code: int) -> None:
        """Fail the trial of a worker that died, and retry it once.

        Raises:
            StudyFailedError: it had begun none.
        """
        self._launch.retry_dead(f"its process ended with {code}")
        if worker.trial is None:
            raise StudyFailedError(f"a worker ended with {code} before it began a trial; see its message above")
