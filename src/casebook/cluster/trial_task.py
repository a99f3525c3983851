"""One trial as a task on a worker: its arrays fetched, trained, its curves logged through the MLflow server."""

from __future__ import annotations

import json
import os
import threading
import time
from functools import cache
from typing import TYPE_CHECKING

import optuna
from optuna.exceptions import UpdateFinishedTrialError

from casebook.cluster.shared_store import SharedStore, SharedStoreError
from casebook.cluster.tasks import STOPPED
from casebook.cluster.tickets import REFUSED, UNREADABLE, Beginning, Outcome, Ticket
from casebook.cluster.versions import describe_differences, list_versions
from casebook.cluster.worker_process import local_folder, worker_address
from casebook.tracking.late_writing import outlast
from casebook.tuning.cancellation import Cancellation
from casebook.tuning.database import outlast as outlast_database
from casebook.tuning.samplers import make_sampler
from casebook.tuning.trial_runner import TrialRunner
from casebook.tuning.trials import OWNER, own_trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.tuning.plan import StudyPlan
    from casebook.tuning.trial_runner import Evaluate, TrialReporter
    from casebook.tuning.trial_runs import TrialRuns

# A process trains one trial at a time: seeds and Keras's state are the process's.
ONE_TRAINING = threading.Lock()
# Studies of this process, by storage, name and settings.
OPENED: dict[str, optuna.Study] = {}
ONE_OPENING = threading.Lock()


def run_trial(ticket: Ticket) -> Outcome:
    """Train a trial; called on a worker by Dask, again on another one where the first was lost.

    Only the first call trains: what a dead worker left is marked and repeated by Optuna.
    """
    with ONE_TRAINING:
        return carry_out(ticket, prepare_process, open_reporter)


def begin_study(told: Beginning) -> None:
    """Make a worker ready for the trials of a study, before it has one; one with other versions is refused later."""
    if describe_differences(told.versions, list_versions()):
        return
    with ONE_TRAINING:
        prepare_process()
        open_study(told.plan)
        open_runs(told)


def carry_out(
    ticket: Ticket,
    prepare: Callable[[], None],
    report: Callable[[Ticket, Outcome], TrialReporter],
    evaluate: Evaluate | None = None,
) -> Outcome:
    """Carry a trial out on this worker.

    Args:
        ticket: of the trial.
        prepare: makes the process ready for it.
        report: opens the reporter of the trial, which fills in the outcome.
        evaluate: evaluates it; by training where it is None.
    """
    outcome = Outcome(ticket.number, worker=worker_address())
    if different := describe_differences(ticket.versions, list_versions()):
        outcome.state, outcome.message = REFUSED, different
        return outcome
    began = time.perf_counter()
    prepare()
    try:
        folder = SharedStore(ticket.shared).fetch(ticket.splits, local_folder("splits"))
    except SharedStoreError as error:
        outcome.state, outcome.message = UNREADABLE, str(error)
        return outcome
    outcome.seconds["fetching"] = time.perf_counter() - began
    study = open_study(ticket.plan)
    if take_over(study, ticket):
        runner = TrialRunner(ticket.plan, study, report(ticket, outcome), StopOf(ticket.launch), evaluate)
        trial = optuna.Trial(study, ticket.trial_id)
        runner.run(trial, lambda: ticket.values, lambda _: (ticket.parameters, folder))
    else:
        outcome.message = "its worker is gone; it is run again once its heartbeat is seen to have stopped"
    outcome.seconds["whole"] = time.perf_counter() - began
    return outcome


def take_over(study: optuna.Study, ticket: Ticket) -> bool:
    """Sign a trial as this worker's; False where another one has done so before, or it has ended."""
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


def open_study(plan: StudyPlan) -> optuna.Study:
    """Open a study once a process; its trials were drawn by the launch, so that no sampler is needed."""
    key = json.dumps([plan.storage, plan.name, plan.parameters["study"]], sort_keys=True)
    with ONE_OPENING:
        if key not in OPENED:
            drawn = plan.study.model_copy(update={"sampler": "random"})
            location = outlast_database(plan.open)
            OPENED[key] = location.load(sampler=make_sampler(drawn, seed=0), pruner=plan.make_pruner())
        return OPENED[key]


def open_reporter(ticket: Ticket, outcome: Outcome) -> TrialReporter:
    """Open the reporter that logs a trial to the MLflow server."""
    from casebook.cluster.run_reporter import RunReporter

    return RunReporter(open_runs(ticket), outcome)


def open_runs(told: Beginning | Ticket) -> TrialRuns:
    """Open the runs of a study on the MLflow server."""
    import mlflow

    from casebook.tuning.trial_runs import TrialRuns

    os.environ.update(told.tracking)
    mlflow.set_tracking_uri(told.tracking["MLFLOW_TRACKING_URI"])
    return outlast(lambda: TrialRuns(told.plan.run_id, told.plan))
