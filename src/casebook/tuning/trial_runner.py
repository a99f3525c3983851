"""One trial in the process that trains it: evaluated, its heartbeat kept, its final state recorded."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from casebook.config.schema import TrainingParameters
from casebook.evaluation.thresholds import ThresholdRule
from casebook.training.callbacks import CurveCallback, TrainingCallback
from casebook.tuning.cancellation import Cancelled, CancellingCallback
from casebook.tuning.objective import evaluate_on_folds, evaluate_on_validation
from casebook.tuning.prepared_splits import fit_trees_once, read_splits
from casebook.tuning.trials import ERROR, RUN_ID, TAKEN, fail_and_retry, measure_pruned, record_heartbeat, retry_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from casebook.baselines.gradient_boosting import BoostedTrees
    from casebook.config.schema.tuning import StudyParameters
    from casebook.config.tree import Tree
    from casebook.training.cross_validation import Split
    from casebook.tuning.cancellation import Cancellation
    from casebook.tuning.objective import TrialResult
    from casebook.tuning.plan import StudyPlan

    FindSplits = Callable[[Mapping[str, Any]], tuple[Tree, Path]]
    MakeCallbacks = Callable[[int], list[TrainingCallback]]
    Evaluate = Callable[[optuna.Trial, StudyParameters, Tree, Path, MakeCallbacks], TrialResult]

LOGGER = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 15.0
# What a trial is told to have ended as, beside Optuna's states.
INTERRUPTED, LOST = "INTERRUPTED", "LOST"


class TrialReporter(Protocol):
    """Where a trial's start, epochs and end are told."""

    def start(self, trial: int, values: Mapping[str, Any], retry_of: int | None) -> None:
        """Tell that a trial begins."""

    def send_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Tell an epoch's metrics."""

    def find_run(self) -> str:
        """Return the id of the trial's MLflow run; empty where it is not known."""

    def end(self, state: str, message: str, metrics: Mapping[str, float], seconds: float) -> None:
        """Tell how the trial ended, once that stands in the storage."""


class TrialRunner:
    """Runs trials of one plan."""

    def __init__(
        self,
        plan: StudyPlan,
        study: optuna.Study,
        reporter: TrialReporter,
        token: Cancellation,
        evaluate: Evaluate | None = None,
    ) -> None:
        """Store the study, with its pruner, where to report, and the token that cancels a trial.

        Args:
            plan: of the study.
            study: loaded.
            reporter: of the trials' starts, epochs and ends.
            token: cancels a trial.
            evaluate: evaluates a trial; by training where it is None, see `evaluate_trial`.
        """
        self._plan, self._study, self._reporter, self._token = plan, study, reporter, token
        self._evaluate = evaluate or evaluate_trial

    def run(
        self,
        trial: optuna.Trial,
        suggest: Callable[[], Mapping[str, Any]],
        find_splits: FindSplits,
    ) -> None:
        """Run a trial and record its final state in Optuna and, by the reporter, in MLflow.

        Args:
            trial: running, of this process.
            suggest: returns its values.
            find_splits: returns its parameters and the folder of its splits by its values.
        """
        began = time.monotonic()
        with self._heartbeat(trial):
            try:
                values = suggest()
                again = retry_of(self._study._storage.get_trial(trial._trial_id))
                self._reporter.start(trial.number, values, again)
                self._token.raise_if_cancelled()
                found = self._evaluate(trial, self._plan.study, *find_splits(values), self._make_callbacks)
            except optuna.TrialPruned as pruned:
                self._end(trial, TrialState.PRUNED, began, message=str(pruned))
            except UpdateFinishedTrialError:
                self._abandon(began)
            except Exception as error:  # noqa: BLE001 - whatever a setting breaks is that trial's result
                self._end(trial, TrialState.FAIL, began, message=f"{type(error).__name__}: {error}")
            except Cancelled:
                self._requeue(trial, began)
            else:
                self._end(trial, TrialState.COMPLETE, began, found=found)

    def _make_callbacks(self, first_epoch: int = 1) -> list[TrainingCallback]:
        return [CurveCallback(self._reporter.send_epoch, first_epoch), CancellingCallback(self._token)]

    def _end(
        self, trial: optuna.Trial, state: TrialState, began: float, message: str = "", found: TrialResult | None = None
    ) -> None:
        """Finish a trial in Optuna, then report it so that its run is ended."""
        metrics = found.metrics if found else {}
        attributes = {**metrics, "epochs": found.epochs} if found else {}
        try:
            self._store_run_id(trial)
            if message:
                trial.set_user_attr(ERROR, message)
            trial.set_user_attr(TAKEN, time.monotonic() - began)
            for name, value in attributes.items():
                trial.set_user_attr(name, value)
            self._study.tell(trial, found.values if found else None, state)
        except UpdateFinishedTrialError:
            self._abandon(began)
            return
        if state == TrialState.PRUNED:
            metrics = measure_pruned(self._study._storage.get_trial(trial._trial_id), self._plan.study)
        self._reporter.end(state.name, message, metrics, time.monotonic() - began)

    def _requeue(self, trial: optuna.Trial, began: float) -> None:
        """Requeue an interrupted trial for the next launch."""
        self._store_run_id(trial)
        frozen = self._study._storage.get_trial(trial._trial_id)
        fail_and_retry(self._study, frozen, "interrupted", always=True)
        self._reporter.end(INTERRUPTED, "interrupted", {}, time.monotonic() - began)

    def _abandon(self, began: float) -> None:
        """Leave a trial that was taken for dead meanwhile: it is run again elsewhere."""
        self._reporter.find_run()
        self._reporter.end(LOST, "it was taken for dead and is run again", {}, time.monotonic() - began)

    def _store_run_id(self, trial: optuna.Trial) -> None:
        """Store the id of the trial's MLflow run."""
        run_id = self._reporter.find_run()
        if run_id:
            trial.set_user_attr(RUN_ID, run_id)

    @contextmanager
    def _heartbeat(self, trial: optuna.Trial) -> Iterator[None]:
        """Record the trial's heartbeat, by which other machines know that this process is alive."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(HEARTBEAT_SECONDS):
                try:
                    record_heartbeat(self._study, trial._trial_id)
                except Exception as error:  # noqa: BLE001 - the next one may reach the storage
                    LOGGER.warning("trial %s: its heartbeat was not recorded (%s)", trial.number, error)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def evaluate_trial(
    trial: optuna.Trial, study: StudyParameters, parameters: Tree, splits: Path, make_callbacks: MakeCallbacks
) -> TrialResult:
    """Train a trial's network and judge it; on folds beside the boosted trees, where a run of the case has them.

    Args:
        trial: running.
        study: the case's `study` block.
        parameters: the case's, with the trial's values.
        splits: folder of its prepared splits.
        make_callbacks: builds those of a training from the number of its first epoch.

    Raises:
        TrialPruned: it lags behind the trials before it.
        TrialError: it has no valid objective value.
    """
    training = TrainingParameters.model_validate(parameters["training"])
    read = read_splits(splits)
    try:
        if not study.folds:
            return evaluate_on_validation(trial, next(read), training, study, make_callbacks(1))
        judged = parameters["task"], ThresholdRule.of(parameters["evaluation"])
        ensemble = training.ensemble.model_copy(update={"networks": 1})
        training = training.model_copy(update={"ensemble": ensemble})

        def fit_trees(number: int, split: Split) -> BoostedTrees:
            return fit_trees_once(splits, number, {**parameters["reference"], "refit": False}, split)

        return evaluate_on_folds(trial, read, *judged, training, study, make_callbacks, fit_trees)
    finally:
        _free_memory()


def _free_memory() -> None:
    """Free a trial's network."""
    import gc

    import keras

    keras.backend.clear_session(free_memory=False)
    gc.collect()
