"""Drawing of a launch's trials: claimed, their rows prepared and published, their heartbeats kept until they begin."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

from casebook.cluster.addresses import CREDENTIALS
from casebook.cluster.shared_store import SharedStore, SharedStoreError
from casebook.cluster.tickets import Ticket
from casebook.cluster.versions import list_versions
from casebook.tuning.trial_runner import HEARTBEAT_SECONDS
from casebook.tuning.trial_settings import list_hyperparameters, suggest_trial
from casebook.tuning.trial_splits import TrialSplits
from casebook.tuning.trials import (
    ERROR,
    OWNER,
    RUNNING,
    claim_trial,
    describe_owner,
    fail_and_retry,
    record_heartbeat,
    retry_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import optuna

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.tuning.execution import Launch

LOGGER = logging.getLogger(__name__)


class Drawing:
    """The trials of a launch that are claimed and not handed out yet."""

    def __init__(
        self, launch: Launch, addresses: ClusterAddresses, launch_id: str, on_ready: Callable[[], None]
    ) -> None:
        """Store the launch and what is called once a trial's rows are prepared."""
        self._launch, self._addresses, self._id, self._on_ready = launch, addresses, launch_id, on_ready
        self._plan, self._study = launch.plan, launch.study
        self._space = list_hyperparameters(self._plan)
        self._splits, self._shared = TrialSplits(self._plan), SharedStore(addresses.shared)
        self._published: dict[Path, str] = {}
        self._owner = describe_owner()
        # One at a time: rows are prepared in the order in which trials need them, while others train.
        self._preparing = ThreadPoolExecutor(1)
        self._waiting: dict[int, tuple[Mapping[str, Any], Future[Ticket]]] = {}
        self._done = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()

    def __len__(self) -> int:
        """Return how many trials wait for their rows."""
        return len(self._waiting)

    def draw(self) -> bool:
        """Claim the next trial, and have its rows prepared; False where there is none."""
        trial = claim_trial(self._launch.location, self._study, self._plan.study)
        if trial is None:
            return False
        try:
            values = suggest_trial(self._plan, self._space, trial)
        except Exception as error:  # noqa: BLE001 - whatever a setting breaks is that trial's result
            self._fail(trial.number, {}, f"{type(error).__name__}: {error}")
            return True
        prepared = self._preparing.submit(self._prepare, trial, values)
        self._waiting[trial.number] = values, prepared
        prepared.add_done_callback(lambda _: self._on_ready())
        return True

    def take_ready(self) -> Iterator[Ticket]:
        """Take the trials whose rows are prepared; one whose rows cannot be is ended as failed.

        Raises:
            SharedStoreError: the store is full, or refuses.
        """
        for number in [number for number, (_, prepared) in self._waiting.items() if prepared.done()]:
            values, prepared = self._waiting[number]
            error = prepared.exception()
            if isinstance(error, SharedStoreError):
                raise error
            del self._waiting[number]
            if error is None:
                yield prepared.result()
            else:
                self._fail(number, values, f"{type(error).__name__}: {error}")

    def requeue(self, number: int) -> None:
        """Enqueue a trial again that no worker has begun."""
        fail_and_retry(self._study, self._find(number), "interrupted", always=True, begun=False)

    def close(self) -> None:
        """Enqueue again what waits, and stop the heartbeats."""
        self._preparing.shutdown(cancel_futures=True)
        for number in [*self._waiting]:
            del self._waiting[number]
            self.requeue(number)
        self._done.set()
        self._beating.join()

    def _prepare(self, trial: optuna.Trial, values: Mapping[str, Any]) -> Ticket:
        """Prepare a trial's rows, once for each preprocessing, and publish them to the workers."""
        parameters, folder = self._splits.find(values)
        if folder not in self._published:
            self._published[folder] = self._shared.publish(folder)
        return Ticket(
            launch=self._id,
            plan=self._plan,
            number=trial.number,
            trial_id=trial._trial_id,
            owner=self._owner,
            values=values,
            parameters=parameters,
            splits=self._published[folder],
            shared=self._addresses.shared,
            tracking=tracking_variables(self._addresses.tracking),
            versions=list_versions(),
        )

    def _fail(self, number: int, values: Mapping[str, Any], message: str) -> None:
        """End a trial whose rows cannot be prepared.

        Raises:
            StudyFailedError: too many have failed.
        """
        runs, trial = self._launch.trial_runs, self._find(number)
        runs.start(number, values, retry_of(trial))
        self._study._storage.set_trial_user_attr(trial._trial_id, ERROR, message)
        self._study.tell(number, state=TrialState.FAIL)
        runs.end(number, TrialState.FAIL.name, message, {})
        self._launch.report_end(number, TrialState.FAIL.name, {}, message, 0.0)
        self._launch.check_failures()

    def _find(self, number: int) -> optuna.trial.FrozenTrial:
        return next(trial for trial in self._study.get_trials(deepcopy=False) if trial.number == number)

    def _beat(self) -> None:
        """Keep the heartbeats of trials that no worker has begun yet; from then on it keeps them."""
        while not self._done.wait(HEARTBEAT_SECONDS):
            try:
                for trial in self._study.get_trials(deepcopy=False, states=RUNNING):
                    if trial.user_attrs.get(OWNER) == self._owner:
                        record_heartbeat(self._study, trial._trial_id)
            except Exception as error:  # noqa: BLE001 - the next one may reach the storage
                LOGGER.warning("heartbeats of trials that wait were not recorded (%s)", error)


def tracking_variables(address: str) -> dict[str, str]:
    """Return the variables by which a worker reaches the MLflow server."""
    return {"MLFLOW_TRACKING_URI": address} | {name: os.environ[name] for name in CREDENTIALS if name in os.environ}
