"""Trials that wait instead of training, handed out by the executor of a cluster: what handing them out costs.

Workers import this module too: its folder is on their path.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from casebook.cluster.dask_trials import DaskTrials
from casebook.cluster.trial_task import OPENED, carry_out
from casebook.tuning.objective import TrialResult
from casebook.tuning.plan import StudyPlan
from casebook.tuning.study import create_or_join_study
from casebook.tuning.trials import count_failed, count_finished, retry_dead_trials

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import optuna
    from optuna.trial import FrozenTrial

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.tickets import Outcome, Ticket
    from casebook.config.schema.tuning import StudyParameters
    from casebook.tuning.study import StudyLocation

CASE = "toy"
STEP_SECONDS = 0.1


class SilentReporter:
    """Reports nowhere but in the outcome."""

    def __init__(self, outcome: Outcome) -> None:
        """Store the outcome to fill in."""
        self._outcome = outcome

    def start(self, trial: int, values: Mapping[str, Any], retry_of: int | None) -> None:
        """Report nothing."""

    def send_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Report nothing."""

    def find_run(self) -> str:
        """There is no run."""
        return ""

    def end(self, state: str, message: str, metrics: Mapping[str, float], seconds: float) -> None:
        """Fill in the outcome."""
        self._outcome.state, self._outcome.message, self._outcome.metrics = state, message, dict(metrics)
        self._outcome.seconds["training"] = metrics.get("seconds", seconds)


def wait(ticket: Ticket, seconds: float) -> Outcome:
    """Wait on a worker, as a training would last."""

    def evaluate(
        trial: optuna.Trial,
        _study: StudyParameters,
        _parameters: object,
        _splits: Path,
        make_callbacks: Any,  # noqa: ANN401
    ) -> TrialResult:
        cancelling, end = make_callbacks(1)[-1], time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(STEP_SECONDS, max(0.0, end - time.monotonic())))
            cancelling.on_train_batch_end(0)
        found = float(trial.params[f"{CASE}.training.x"])
        return TrialResult((found,), {"val/loss": found, "seconds": seconds}, 1)

    return carry_out(ticket, lambda: None, lambda _, outcome: SilentReporter(outcome), evaluate)


def list_begun() -> list[str]:
    """List the studies that this worker has opened, and TensorFlow where it has started it."""
    return [*OPENED, *({"tensorflow"} & sys.modules.keys())]


def threads_of(worker: Mapping[str, Any]) -> int:
    """Return how many trials that wait a worker takes: one a thread."""
    return int(worker["nthreads"])


def executor_of(addresses: ClusterAddresses, seconds: float) -> DaskTrials:
    """Return what hands out trials that wait."""
    return DaskTrials(addresses, partial(wait, seconds=seconds), threads_of)


@dataclass
class SilentRuns:
    """No MLflow runs; what they would be told is kept."""

    tags: dict[str, object] = field(default_factory=dict)
    report: str = ""

    def describe(self, tags: Mapping[str, object]) -> None:
        """Keep the tags."""
        self.tags |= tags

    def log_report(self, file: Path) -> None:
        """Keep the page."""
        self.report = file.read_text()

    def close_dead(self, dead: list[FrozenTrial]) -> None:
        """There are no runs."""


class WaitingLaunch:
    """A launch of a study of trials that wait."""

    def __init__(self, storage: str, name: str, trials: int, folder: Path) -> None:
        """Create or join the study."""
        prepared = folder / "splits"
        prepared.mkdir(parents=True, exist_ok=True)
        (prepared / "rows.txt").write_text("none")
        study = {
            "trials": trials,
            "sampler": "random",
            "pruner": "none",
            "space": {"training": {"x": {"float": [0, 1]}}},
        }
        parameters = {"study": study, "training": {"epochs": 1, "x": 0.5}, "variants": {}}
        self.plan = StudyPlan(CASE, parameters, name, storage, str(folder), "cluster", "", prepared=str(prepared))
        self.location: StudyLocation = self.plan.open()
        create_or_join_study(self.location, ["minimize"], {}, [], lambda: "")
        self.study = self.location.load()
        self.trial_runs: Any = SilentRuns()
        self.lines: list[str] = []

    def count_left(self) -> int:
        """Count the trials that the budget leaves."""
        return int(self.plan.study.trials) - count_finished(self.study.get_trials(deepcopy=False))

    def report_end(self, trial: int, state: str, _metrics: Mapping[str, float], message: str, _seconds: float) -> None:
        """Keep a line of a trial's end."""
        self.lines.append(f"trial {trial} {state} {message}".strip())

    def retry_dead(self, how: str) -> list[FrozenTrial]:
        """Retry the trials of dead processes."""
        dead = retry_dead_trials(self.location, self.study)
        self.lines += [f"trial {trial.number}: {how}" for trial in dead]
        return dead

    def check_failures(self) -> None:
        """Count them, as a launch does."""
        count_failed(self.study)

    def print_line(self, text: str) -> None:
        """Keep a line."""
        self.lines.append(text)
