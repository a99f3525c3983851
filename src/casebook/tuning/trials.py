"""Claiming trials within the budget, detecting dead ones by heartbeat or process id, and retrying them."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any

import psutil
from optuna.trial import TrialState

from casebook.tuning.samplers import ENUMERATING_SAMPLERS, make_sampler

if TYPE_CHECKING:
    from collections.abc import Iterable

    import optuna
    from optuna.trial import FrozenTrial, Trial

    from casebook.config.schema.tuning import StudyParameters
    from casebook.tuning.study import StudyLocation

RUNNING = (TrialState.RUNNING,)
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
# User attributes of a trial.
OWNER, HEARTBEAT, REPLACED, RETRY_OF, ERROR, RUN_ID = "owner", "beat", "replaced", "retry_of", "error", "mlflow.run_id"
# Names and values that a trial from the queue was given.
SETTING = "setting"
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
        trial = study.ask()
        trial.set_user_attr(OWNER, describe_owner())
        trial.set_user_attr(HEARTBEAT, time.time())
    return trial


def count_trials(trials: Iterable[FrozenTrial]) -> int:
    """Count the trials that use up the budget: running and finished ones, without those that are retried."""
    return sum(trial.state != TrialState.WAITING and not trial.user_attrs.get(REPLACED) for trial in trials)


def describe_owner() -> dict[str, Any]:
    """Return host, process id and start time of this process."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "since": psutil.Process().create_time()}


def is_dead(trial: FrozenTrial) -> bool:
    """Return whether the process of a running trial has died."""
    owner = trial.user_attrs.get(OWNER)
    if owner is None:
        # Killed between taking the trial and signing it.
        started = trial.datetime_start
        return started is None or time.time() - started.timestamp() > HEARTBEAT_TIMEOUT_SECONDS
    if owner["host"] != socket.gethostname():
        return bool(time.time() - trial.user_attrs.get(HEARTBEAT, 0.0) > HEARTBEAT_TIMEOUT_SECONDS)
    try:
        return bool(abs(psutil.Process(owner["pid"]).create_time() - owner["since"]) > 1)
    except psutil.NoSuchProcess:
        return True


def retry_dead_trials(location: StudyLocation, study: optuna.Study) -> list[FrozenTrial]:
    """Mark the trials of dead processes as failed and enqueue each once more.

    Returns:
        Those trials, as they were.
    """
    with location.lock():
        dead = [trial for trial in study.get_trials(deepcopy=False, states=RUNNING) if is_dead(trial)]
        for trial in dead:
            fail_and_retry(study, trial, "its process was killed")
    return dead


def fail_and_retry(study: optuna.Study, trial: FrozenTrial, reason: str, always: bool = False) -> bool:
    """Mark a running trial as failed and enqueue it again, once, or `always`.

    Returns:
        Whether it will be run again.
    """
    storage, again = study._storage, always or RETRY_OF not in trial.user_attrs
    storage.set_trial_user_attr(trial._trial_id, ERROR, reason)
    if again:
        # A finished trial takes no attributes any more.
        storage.set_trial_user_attr(trial._trial_id, REPLACED, value=True)
        values = {**trial.user_attrs.get(SETTING, {}), **trial.params}
        study.enqueue_trial(values, user_attrs={RETRY_OF: trial.number, SETTING: values})
    study.tell(trial.number, state=TrialState.FAIL)
    return again


def count_failed(study: optuna.Study) -> tuple[int, int]:
    """Count failed and finished trials, without those that are retried.

    Returns:
        The failed and all finished trials.
    """
    ended = [t for t in study.get_trials(deepcopy=False, states=FINISHED) if not t.user_attrs.get(REPLACED)]
    return sum(trial.state == TrialState.FAIL for trial in ended), len(ended)
