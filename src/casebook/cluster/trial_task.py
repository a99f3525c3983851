"""One trial as a task on a worker: its arrays fetched, trained, its curves logged through the MLflow server."""

from __future__ import annotations

import json
import os
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from casebook.cluster.run_reporter import RunReporter
from casebook.cluster.shared_store import SharedStore, SharedStoreError
from casebook.cluster.tickets import REFUSED, UNREADABLE, Outcome, Ticket
from casebook.cluster.versions import describe_differences, list_versions
from casebook.tracking import late_writing
from casebook.tuning.cancellation import Cancellation

if TYPE_CHECKING:
    import optuna

    from casebook.tuning.plan import StudyPlan
    from casebook.tuning.trial_runs import TrialRuns

# A process trains one trial at a time: seeds and Keras's state are the process's.
ONE_TRAINING = threading.Lock()
# Launches that have asked their trials to stop.
STOPPED: set[str] = set()
# Studies of this process, by storage, name and settings.
OPENED: dict[str, optuna.Study] = {}


def run_trial(ticket: Ticket) -> Outcome:
    """Run a trial; called on a worker by Dask, again on another one where the first was lost.

    Only the first call trains: what a dead worker left is marked and repeated by Optuna.
    """
    outcome = Outcome(ticket.number, worker=_worker_address())
    if different := describe_differences(ticket.versions, list_versions()):
        outcome.state, outcome.message = REFUSED, different
        return outcome
    began = time.perf_counter()
    with ONE_TRAINING:
        prepare_process()
        os.environ.update(ticket.tracking)
        try:
            folder = SharedStore(ticket.shared).fetch(ticket.splits, splits_folder())
        except SharedStoreError as error:
            outcome.state, outcome.message = UNREADABLE, str(error)
            return outcome
        outcome.seconds["fetching"] = time.perf_counter() - began
        _train(ticket, folder, outcome)
    outcome.seconds["whole"] = time.perf_counter() - began
    return outcome


def _train(ticket: Ticket, folder: Path, outcome: Outcome) -> None:
    import optuna

    from casebook.tuning.trial_runner import TrialRunner

    study = open_study(ticket.plan)
    if not take_over(study, ticket):
        outcome.message = "its worker is gone; it is run again once its heartbeat is seen to have stopped"
        return
    reporter = RunReporter(open_runs(ticket.plan, ticket.tracking["MLFLOW_TRACKING_URI"]), outcome)
    runner = TrialRunner(ticket.plan, study, reporter, StopOf(ticket.launch))
    trial = optuna.Trial(study, ticket.trial_id)
    runner.run(trial, lambda: ticket.values, lambda _: (ticket.parameters, folder))


def take_over(study: optuna.Study, ticket: Ticket) -> bool:
    """Sign a trial as this worker's; False where another one has done so before, or it has ended."""
    from optuna.exceptions import UpdateFinishedTrialError

    from casebook.tuning.trials import OWNER, own_trial

    if study._storage.get_trial(ticket.trial_id).user_attrs.get(OWNER) != ticket.owner:
        return False
    try:
        own_trial(study, ticket.trial_id)
    except UpdateFinishedTrialError:
        return False
    return True


class StopOf(Cancellation):
    """The request of a launch that its trials stop."""

    def __init__(self, launch: str) -> None:
        """Store the launch."""
        self._launch = launch

    @property
    def requested(self) -> bool:  # type: ignore[override]
        """Whether it was made."""
        return self._launch in STOPPED


def stop_launch(launch: str) -> None:
    """Ask the trials of a launch on this worker to stop after their next batches, and to be enqueued again."""
    STOPPED.add(launch)


@cache
def prepare_process() -> None:
    """Start TensorFlow with as many threads as the worker has, once a process."""
    from distributed import get_worker

    from casebook.compute.gc_tuning import freeze_gc
    from casebook.compute.tensorflow_startup import INTER_OP_VARIABLE, INTRA_OP_VARIABLE, start_tensorflow

    threads = str(get_worker().state.nthreads)
    os.environ.setdefault(INTRA_OP_VARIABLE, threads)
    os.environ.setdefault(INTER_OP_VARIABLE, threads)
    start_tensorflow()
    # Before a trial begins: its seconds are its own.
    from casebook.evaluation import scores  # noqa: F401

    freeze_gc()


def splits_folder() -> Path:
    """Return the folder in which this worker keeps what it has fetched; it goes when the worker ends."""
    from distributed import get_worker

    return Path(get_worker().local_directory) / "splits"


def open_study(plan: StudyPlan) -> optuna.Study:
    """Open a study once a process; its trials were drawn by the launch, so that no sampler is needed."""
    from casebook.tuning.samplers import make_sampler

    key = json.dumps([plan.storage, plan.name, plan.parameters["study"]], sort_keys=True)
    if key not in OPENED:
        drawn = plan.study.model_copy(update={"sampler": "random"})
        OPENED[key] = plan.open().load(sampler=make_sampler(drawn, seed=0), pruner=plan.make_pruner())
    return OPENED[key]


def open_runs(plan: StudyPlan, tracking: str) -> TrialRuns:
    """Open the runs of a study's trials on the MLflow server."""
    import mlflow

    from casebook.tuning.trial_runs import TrialRuns

    if mlflow.get_tracking_uri() != tracking:
        mlflow.set_tracking_uri(tracking)
    return late_writing.outlast(lambda: TrialRuns(plan.run_id, plan))


def _worker_address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
