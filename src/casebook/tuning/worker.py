"""A worker process of a study: it claims trials, trains them and reports each step to its launch.

Started by `worker_pool.WorkerPool` as `python -m casebook.tuning.worker <plan> <descriptor>`; it writes messages, a
JSON object a line, to the descriptor and reads the id of each trial's MLflow run from its standard input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState

from casebook.compute.gc_tuning import freeze_gc
from casebook.config.resolve import check_case
from casebook.config.schema import TrainingParameters
from casebook.evaluation.thresholds import ThresholdRule
from casebook.training.callbacks import CurveCallback, TrainingCallback
from casebook.tuning.cancellation import CancellationToken, Cancelled, CancellingCallback
from casebook.tuning.objective import evaluate_on_folds, evaluate_on_validation
from casebook.tuning.plan import StudyPlan, apply_trial_values
from casebook.tuning.prepared_splits import read_splits
from casebook.tuning.samplers import make_pruner
from casebook.tuning.trial_settings import list_hyperparameters, suggest_trial
from casebook.tuning.trials import ERROR, HEARTBEAT, RUN_ID, claim_trial, fail_and_retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from casebook.tuning.objective import TrialResult

# How a worker ends: nothing is left to do, or it made room for a fresh process.
NO_TRIAL_LEFT, ORPHANED, RECYCLED = 0, 1, 10
HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 1.0


class Reporter:
    """Sends messages to the launch."""

    def __init__(self, descriptor: int) -> None:
        """Open the descriptor for writing."""
        self._pipe = os.fdopen(descriptor, "w", buffering=1)
        self.number = -1

    def send(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON holds
        """Send one message; where the launch is gone, so is this worker, and the next launch runs its trial again."""
        try:
            self._pipe.write(json.dumps({"event": event, "trial": self.number, **facts}) + "\n")
        except BrokenPipeError:
            os._exit(ORPHANED)

    def send_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Send an epoch's metrics."""
        self.send("epoch", number=number, metrics=dict(metrics))


class Worker:
    """Runs trials of one plan."""

    def __init__(self, plan: StudyPlan, reporter: Reporter, token: CancellationToken) -> None:
        """Open the study."""
        self._plan, self._reporter, self._token = plan, reporter, token
        self._settings = plan.study
        self._location = plan.open()
        self._space = list_hyperparameters(plan)
        steps = self._settings.folds or plan.parameters["training"]["epochs"]
        pruner = make_pruner(self._settings.pruner, self._settings.pruning, steps)
        self._study = self._location.load(pruner=pruner)

    @cached_property
    def _store(self) -> Any:  # noqa: ANN401 - imported late
        # Kedro is not needed while only the training varies.
        from casebook.tuning.data_graph import open_splits

        return open_splits(self._plan)

    def run(self) -> int:
        """Run trials until none is left, or until this process is to be recycled; return its exit code."""
        for _ in range(self._settings.max_trials_per_worker):
            if self._token.requested or (self._plan.until and time.time() > self._plan.until):
                return NO_TRIAL_LEFT
            trial = claim_trial(self._location, self._study, self._settings)
            if trial is None:
                return NO_TRIAL_LEFT
            with self._heartbeat(trial):
                self._run_trial(trial)
        return RECYCLED

    def _run_trial(self, trial: optuna.Trial) -> None:
        """Run one trial and record its final state in Optuna and, by the launch, in MLflow."""
        self._reporter.number = trial.number
        began = time.time()
        try:
            values = suggest_trial(self._plan, self._space, trial)
            self._reporter.send("start", values=values, retry_of=trial.user_attrs.get("retry_of"))
            self._token.raise_if_cancelled()
            found = self._evaluate(trial, values)
        except optuna.TrialPruned as pruned:
            self._end(trial, TrialState.PRUNED, began, message=str(pruned))
        except Exception as error:  # noqa: BLE001 - whatever a setting breaks is that trial's result
            self._end(trial, TrialState.FAIL, began, message=f"{type(error).__name__}: {error}")
        except Cancelled:
            self._requeue(trial, began)
        else:
            self._end(trial, TrialState.COMPLETE, began, found=found)

    def _evaluate(self, trial: optuna.Trial, values: Mapping[str, Any]) -> TrialResult:
        case, parameters = self._plan.case, apply_trial_values(self._plan.parameters, values)
        if all(name.startswith(f"{case}.training.") for name in values):
            folder = Path(self._plan.prepared)
        else:
            parameters = check_case(case, parameters)
            folder = self._store.find(self._plan.splits, {case: parameters})
        training = TrainingParameters.model_validate(parameters["training"])
        splits = read_splits(folder)
        if not self._settings.folds:
            return evaluate_on_validation(trial, next(splits), training, self._settings, self._make_callbacks())
        judged = parameters["task"], ThresholdRule.of(parameters["evaluation"])
        return evaluate_on_folds(trial, splits, *judged, training, self._settings, self._make_callbacks)

    def _make_callbacks(self, first_epoch: int = 1) -> list[TrainingCallback]:
        return [CurveCallback(self._reporter.send_epoch, first_epoch), CancellingCallback(self._token)]

    def _end(
        self, trial: optuna.Trial, state: TrialState, began: float, message: str = "", found: TrialResult | None = None
    ) -> None:
        """Finish a trial in Optuna, then report it so that its run is ended."""
        _free_memory()
        self._store_run_id(trial)
        if message:
            trial.set_user_attr(ERROR, message)
        metrics = found.metrics if found else {}
        for name, value in ({**metrics, "epochs": found.epochs} if found else {}).items():
            trial.set_user_attr(name, value)
        self._study.tell(trial, found.values if found else None, state)
        self._reporter.send("end", state=state.name, message=message, metrics=metrics, seconds=time.time() - began)

    def _requeue(self, trial: optuna.Trial, began: float) -> None:
        """Requeue an interrupted trial for the next launch."""
        self._store_run_id(trial)
        frozen = next(t for t in self._study.get_trials(deepcopy=False) if t.number == trial.number)
        fail_and_retry(self._study, frozen, "interrupted", always=True)
        self._reporter.send("end", state="INTERRUPTED", message="interrupted", metrics={}, seconds=time.time() - began)

    def _store_run_id(self, trial: optuna.Trial) -> None:
        """Store the id of the trial's MLflow run, which the launch sends once it has opened it."""
        if RUN_ID not in trial.user_attrs:
            run_id = sys.stdin.readline().strip()
            if run_id:
                trial.set_user_attr(RUN_ID, run_id)

    @contextmanager
    def _heartbeat(self, trial: optuna.Trial) -> Iterator[None]:
        """Write the trial's heartbeat, by which other machines know that this process is alive."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(HEARTBEAT_SECONDS):
                trial.set_user_attr(HEARTBEAT, time.time())

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _free_memory() -> None:
    """Free a trial's network."""
    import gc

    import keras

    keras.backend.clear_session(free_memory=False)
    gc.collect()


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
