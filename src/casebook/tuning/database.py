"""A study in PostgreSQL: heartbeats and retry by Optuna, and calls that outlast a restart of the server."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.storages._heartbeat import BaseHeartbeat
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError

from casebook.runtime.waiting import repeat_while_away
from casebook.tuning.errors import SpaceError
from casebook.tuning.samplers import ignore_experimental_warning
from casebook.tuning.trials import RETRY_OF

if TYPE_CHECKING:
    from collections.abc import Callable

    import optuna
    from optuna.trial import FrozenTrial

LOGGER = logging.getLogger(__name__)
HEARTBEAT_SECONDS, GRACE_SECONDS = 15, 90
# A server that is restarted is back within seconds; one that is moved, within minutes.
PATIENCE_SECONDS, RETRY_SECONDS = 300.0, 1.0
CONNECT_SECONDS = 10
# Connections of a process: trials of its threads take turns, and a server takes a hundred in all as it comes.
CONNECTIONS, MORE_CONNECTIONS = 2, 6
RETRIES = 1
# Errors of a call that is tried again where one of SQLAlchemy's is behind it.
FAULTS = (StorageInternalError, OperationalError, InterfaceError, PendingRollbackError, SpaceError)

Result = TypeVar("Result")


def retry_stale(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue a trial of a dead process once more, by Optuna's own callback, unless it is the second run of one."""
    if RETRY_OF not in trial.user_attrs:
        with ignore_experimental_warning():
            RetryHeartbeatStaleTrialCallback(max_retry=RETRIES)(study, trial)


def outlast(call: Callable[..., Result], *values: Any, **named: Any) -> Result:  # noqa: ANN401 - what it takes
    """Call the database, again and again while it cannot be reached.

    Raises:
        StorageInternalError: it is not back after `PATIENCE_SECONDS`, or refuses for another reason; of an opening
            call SpaceError.
    """
    return repeat_while_away(
        functools.partial(call, *values, **named),
        lambda error: isinstance(error, FAULTS) and is_unreachable(error),
        PATIENCE_SECONDS,
        RETRY_SECONDS,
        lambda: LOGGER.warning("the study's PostgreSQL server is away; waiting for it"),
    )


def is_unreachable(error: BaseException | None) -> bool:
    """Return whether an error says that the server is away, or has ended the connection of a session."""
    while error is not None and not isinstance(error, (OperationalError, InterfaceError, PendingRollbackError)):
        error = error.__cause__
    return error is not None


class PostgresqlStorage(RDBStorage):
    """Optuna's storage, each call of which waits for a server that is away."""

    def __init__(self, address: str) -> None:
        """Connect.

        Args:
            address: with the driver.
        """
        with ignore_experimental_warning():
            super().__init__(
                address,
                engine_kwargs={
                    "pool_pre_ping": True,
                    "pool_size": CONNECTIONS,
                    "max_overflow": MORE_CONNECTIONS,
                    "pool_timeout": PATIENCE_SECONDS,
                    "connect_args": {"connect_timeout": CONNECT_SECONDS},
                },
                heartbeat_interval=HEARTBEAT_SECONDS,
                grace_period=GRACE_SECONDS,
                heartbeat_stale_trial_callback=retry_stale,
            )

    def set_trial_state_values(self, trial_id: int, *values: Any, **named: Any) -> bool:  # noqa: ANN401 - Optuna's
        """Set the final state; one that was written before its answer was lost is not refused the second time."""
        tried = False

        def write() -> bool:
            nonlocal tried
            again, tried = tried, True
            try:
                return super(PostgresqlStorage, self).set_trial_state_values(trial_id, *values, **named)
            except UpdateFinishedTrialError:
                if again and self.get_trial(trial_id).state == (values[0] if values else named["state"]):
                    return True
                raise

        return outlast(write)

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        """Return the trials that have been silent for too long; none where the server was away: nobody was heard."""
        return outlast(self._find_stale, study_id)

    def _find_stale(self, study_id: int) -> list[int]:
        with self.engine.connect() as connection:
            asked = text("SELECT extract(epoch FROM now() - pg_postmaster_start_time())")
            up_seconds = float(connection.execute(asked).scalar_one())
        return super()._get_stale_trial_ids(study_id) if up_seconds > GRACE_SECONDS else []


def _outlasting(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(self: PostgresqlStorage, *values: Any, **named: Any) -> Any:  # noqa: ANN401 - what the method takes
        return outlast(_call_in_new_session, method, self, *values, **named)

    return called


def _call_in_new_session(
    method: Callable[..., Any],
    storage: PostgresqlStorage,
    *values: Any,  # noqa: ANN401 - what the method takes
    **named: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    try:
        return method(storage, *values, **named)
    except (StorageInternalError, OperationalError, InterfaceError, PendingRollbackError):
        # The thread's session still holds the connection that is broken.
        storage.remove_session()
        raise


# What Optuna's cache in front of a database calls beside the methods of every storage.
_OF_CACHE = {"_create_new_trial", "_set_trial_param", "_get_trials", "_get_best_trial_id"}
_OF_CACHE |= {"get_trial_id_from_study_id_trial_number"}
for _name in sorted(BaseStorage.__abstractmethods__ | BaseHeartbeat.__abstractmethods__ | _OF_CACHE):
    if _name not in vars(PostgresqlStorage) and _name in vars(RDBStorage):
        setattr(PostgresqlStorage, _name, _outlasting(vars(RDBStorage)[_name]))
