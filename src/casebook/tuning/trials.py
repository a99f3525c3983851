"""Claiming trials within the budget, detecting dead ones by heartbeat or process id, and retrying them.

In a database the heartbeats are Optuna's own, kept by the server's clock, whatever the clocks of the machines say.
"""

from __future__ import annotations

import os
import socket
import time
from statistics import fmean
from typing import TYPE_CHECKING, Any

import psutil
from optuna.storages import fail_stale_trials
from optuna.storages._heartbeat import is_heartbeat_enabled
from optuna.trial import Trial, TrialState

from casebook.tuning.samplers import ENUMERATING_SAMPLERS, ignore_experimental_warning, make_sampler

if TYPE_CHECKING:
    from collections.abc import Iterable

    import optuna
    from optuna.trial import FrozenTrial

    from casebook.config.schema.tuning import StudyParameters
    from casebook.tuning.study import StudyLocation

RUNNING = (TrialState.RUNNING,)
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
# User attributes of a trial.
OWNER, HEARTBEAT, REPLACED, RETRY_OF, ERROR, RUN_ID = "owner", "beat", "replaced", "retry_of", "error", "mlflow.run_id"
# Seconds that a trial took by the clock of its process: those of two machines may differ by an hour.
TAKEN = "taken_seconds"
# Names and values that a trial from the queue was given.
SETTING = "setting"
# System attribute by which Optuna's own retry names the trial that it repeats.
STALE = "failed_trial"
# A process on another machine that has said nothing for so many seconds is taken for dead.
HEARTBEAT_TIMEOUT_SECONDS = 120.0
SEED_LIMIT = 2**32


def claim_trial(location: StudyLocation, study: optuna.Study, parameters: StudyParameters) -> Trial | None:
    """Claim the next trial, if the budget leaves one.

    Args:
        location: where the study is kept.
        study: with its pruner; its sampler is set here.
        parameters: the case's `study` block.

    Returns:
        A running trial that this process owns, or None.
    """
    with location.lock():
        trials = study.get_trials(deepcopy=False)
        waiting = any(trial.state == TrialState.WAITING for trial in trials)
        if count_trials(trials) >= parameters.trials or (parameters.sampler in ENUMERATING_SAMPLERS and not waiting):
            return None
        # A seed a trial: a worker that takes over from another goes on where that one stopped.
        study.sampler = make_sampler(parameters, (parameters.seed * 1_000_003 + len(trials)) % SEED_LIMIT)
        trial = study.ask() if waiting else begin_new(study)
        own_trial(study, trial._trial_id)
    return trial


def begin_new(study: optuna.Study) -> Trial:
    """Begin a new trial, as `Study.ask` does where none waits, without reading all trials of the study once more.

    In a database that reading takes half of what it costs to draw a trial.
    """
    study._thread_local.cached_all_trials = None
    return Trial(study, study._storage.create_new_trial(study._study_id))


def own_trial(study: optuna.Study, trial_id: int) -> None:
    """Sign a running trial as this process's, with its first heartbeat."""
    study._storage.set_trial_user_attr(trial_id, OWNER, describe_owner())
    record_heartbeat(study, trial_id)


def record_heartbeat(study: optuna.Study, trial_id: int) -> None:
    """Record that the process of a trial is alive: in a database as Optuna does, in a journal by this clock."""
    storage = study._storage
    if is_heartbeat_enabled(storage):
        storage.record_heartbeat(trial_id)  # type: ignore[attr-defined]
    else:
        storage.set_trial_user_attr(trial_id, HEARTBEAT, time.time())


def count_trials(trials: Iterable[FrozenTrial]) -> int:
    """Count the trials that use up the budget: running and finished ones, without those that are retried.

    Args:
        trials: all of the study.
    """
    return sum(trial.state != TrialState.WAITING for trial in drop_replaced(trials))


def count_finished(trials: Iterable[FrozenTrial]) -> int:
    """Count the trials of a study that are done, without those that are retried."""
    return sum(trial.state.is_finished() for trial in drop_replaced(trials))


def drop_replaced(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Drop the trials of a study in whose place another one was enqueued."""
    found = list(trials)
    repeated = {trial.system_attrs.get(STALE) for trial in found}
    return [trial for trial in found if not trial.user_attrs.get(REPLACED) and trial.number not in repeated]


def retry_of(trial: FrozenTrial) -> int | None:
    """Return the number of the trial that this one repeats."""
    number: int | None = trial.system_attrs.get(STALE, trial.user_attrs.get(RETRY_OF))
    return number


def describe_owner() -> dict[str, Any]:
    """Return host, process id and start time of this process."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "since": psutil.Process().create_time()}


def is_dead(trial: FrozenTrial, by_clock: bool = True) -> bool:
    """Return whether the process of a running trial has died.

    Args:
        trial: running.
        by_clock: whether silence on another machine counts; a database's heartbeats are looked at by Optuna.
    """
    owner = trial.user_attrs.get(OWNER)
    if owner is None:
        # Killed between taking the trial and signing it.
        started = trial.datetime_start
        return not by_clock or started is None or time.time() - started.timestamp() > HEARTBEAT_TIMEOUT_SECONDS
    if owner["host"] != socket.gethostname():
        return by_clock and bool(time.time() - trial.user_attrs.get(HEARTBEAT, 0.0) > HEARTBEAT_TIMEOUT_SECONDS)
    try:
        return bool(abs(psutil.Process(owner["pid"]).create_time() - owner["since"]) > 1)
    except psutil.NoSuchProcess:
        return True


def retry_dead_trials(location: StudyLocation, study: optuna.Study, always: bool = False) -> list[FrozenTrial]:
    """Mark the trials of dead processes as failed and enqueue each again.

    Args:
        location: where the study is kept.
        study: loaded.
        always: not just once: their launch is gone too, so that it was hardly the trial that ended its process.

    Returns:
        Those trials, as they were.
    """
    beating = is_heartbeat_enabled(study._storage)
    with location.lock():
        running = study.get_trials(deepcopy=False, states=RUNNING)
        dead = [trial for trial in running if is_dead(trial, by_clock=not beating)]
        for trial in dead:
            fail_and_retry(study, trial, "its process was killed", always)
        if beating and len(dead) < len(running):
            with ignore_experimental_warning():
                fail_stale_trials(study)
            failed = {trial.number for trial in study.get_trials(deepcopy=False, states=(TrialState.FAIL,))}
            dead += [trial for trial in running if trial not in dead and trial.number in failed]
    return dead


def fail_and_retry(
    study: optuna.Study, trial: FrozenTrial, reason: str, always: bool = False, begun: bool = True
) -> bool:
    """Mark a running trial as failed and enqueue it again, once, or `always`.

    One that no process has `begun` counts as no attempt: what repeats it is as new as it was.

    Returns:
        Whether it will be run again.
    """
    storage, again = study._storage, always or retry_of(trial) is None
    storage.set_trial_user_attr(trial._trial_id, ERROR, reason)
    if again:
        # A finished trial takes no attributes any more.
        storage.set_trial_user_attr(trial._trial_id, REPLACED, value=True)
        values = {**trial.user_attrs.get(SETTING, {}), **trial.params}
        repeated = trial.number if begun else retry_of(trial)
        attempt = {} if repeated is None else {RETRY_OF: repeated}
        study.enqueue_trial(values, user_attrs={**attempt, SETTING: values})
    study.tell(trial.number, state=TrialState.FAIL)
    return again


def measure_pruned(trial: FrozenTrial, study: StudyParameters) -> dict[str, float]:
    """Measure a pruned trial by the folds that it was trained on; nothing without folds, where its curve says it."""
    reported = [value for _, value in sorted(trial.intermediate_values.items())]
    if not study.folds or not reported:
        return {}
    return {study.metric[0]: fmean(reported) if study.pruner == "wilcoxon" else reported[-1]}


def count_failed(study: optuna.Study) -> tuple[int, int]:
    """Count failed and finished trials, without those that are retried.

    Returns:
        The failed and all finished trials.
    """
    ended = [trial for trial in drop_replaced(study.get_trials(deepcopy=False)) if trial.state in FINISHED]
    return sum(trial.state == TrialState.FAIL for trial in ended), len(ended)
