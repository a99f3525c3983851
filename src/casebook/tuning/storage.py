"""Storage of studies: a journal file, or a database that several machines reach."""

from __future__ import annotations

import logging
import os
import threading
import warnings
import zlib
from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from filelock import FileLock
from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock
from sqlalchemy.exc import SQLAlchemyError

from casebook.config.extras import MissingExtraError, require_extra
from casebook.config.secrets import hide_password
from casebook.tuning.hyperparameters import SpaceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

LOGGER = logging.getLogger(__name__)
JOURNAL = "journal:///"
# So begins each line of a journal.
FIRST_KEY = b'{"op_code":'
POSTGRESQL = "postgresql"
DRIVER = f"{POSTGRESQL}+psycopg:"
# By the key of a study's lock.
_THREADS: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


class KernelLock(BaseJournalFileLock):
    """A lock file that the kernel releases when its process is killed; Optuna's own locks then wait for 30 seconds."""

    def __init__(self, path: str) -> None:
        """Create the lock beside the journal."""
        self._lock = FileLock(f"{path}.lock")

    def acquire(self) -> bool:
        """Wait for the lock."""
        self._lock.acquire()
        return True

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()


def open_storage(address: str) -> BaseStorage:
    """Open a storage by its address.

    Args:
        address: `journal:///<file>` or `postgresql://user@host/name`, which a study can be locked in.

    Raises:
        SpaceError: the address cannot be used.
    """
    if address.startswith(JOURNAL):
        return _open_journal(Path(address.removeprefix(JOURNAL)))
    if "://" not in address:
        raise SpaceError(f"study.storage {address!r}: give journal:///<file> or postgresql://<user>@<host>/<name>")
    named = f"study.storage {hide_password(address)}"
    if not add_driver(address).startswith(POSTGRESQL):
        raise SpaceError(
            f"{named}: give journal:///<file> or postgresql://<user>@<host>/<name>; in no other storage can "
            "launches at the same time be kept from each other's trials"
        )
    try:
        if add_driver(address).startswith(DRIVER):
            require_extra("postgres", named)
        from casebook.tuning.database import PostgresqlStorage

        return PostgresqlStorage(add_driver(address))
    except MissingExtraError as error:
        raise SpaceError(str(error)) from None
    except ImportError as error:
        raise SpaceError(f"{named}: {error}; install the driver that the address names") from error
    except (SQLAlchemyError, OptunaError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise SpaceError(
            f"{named} cannot be opened ({reason}): check the address and start the server, or leave study.storage "
            "empty for a journal in data/"
        ) from error


def _open_journal(file: Path) -> JournalStorage:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(file)
        return JournalStorage(JournalFileBackend(str(file), lock_obj=KernelLock(str(file))))
    except OSError as error:
        raise SpaceError(f"study.storage {JOURNAL}{file} cannot be opened ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise SpaceError(
            f"study.storage {JOURNAL}{file} is no journal, or a damaged one ({error}): move it away, or name another"
        ) from error


def _cut_torn_line(file: Path) -> None:
    """Remove a last line that was cut off, by a full disk or a machine that stopped: the next would run on from it."""
    if not file.exists() or not os.access(file, os.W_OK):
        return
    with FileLock(f"{file}.lock"), file.open("rb+") as journal:
        content = journal.read()
        whole = content.rfind(b"\n") + 1
        # Of a file that is no journal nothing is removed.
        if whole < len(content) and content.startswith(FIRST_KEY):
            journal.truncate(whole)
            LOGGER.warning("the last line of %s was cut off and is left out: what it told is done anew", file)


def add_driver(address: str) -> str:
    """Add casebook's driver to a PostgreSQL address that names none."""
    scheme, _, rest = address.partition("://")
    return f"{DRIVER}//{rest}" if scheme in {POSTGRESQL, "postgres"} else address


@contextmanager
def lock_study(storage: BaseStorage, address: str, name: str) -> Iterator[None]:
    """Lock a study: one process at a time, on any machine, reads and modifies it.

    Args:
        storage: see `open_storage`.
        address: its address.
        name: of the study.
    """
    in_file = FileLock(f"{address.removeprefix(JOURNAL)}.{name}.lock")
    with _locked_row(storage, name) if isinstance(storage, RDBStorage) else in_file:
        yield


@contextmanager
def _locked_row(storage: RDBStorage, name: str) -> Iterator[None]:
    """Acquire a PostgreSQL advisory lock; it is released with its connection, even when the process is killed."""
    from sqlalchemy import text

    from casebook.tuning.database import outlast

    key = zlib.crc32(f"casebook {name}".encode())

    def acquire() -> Connection:
        connection = storage.engine.connect()
        try:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        except BaseException:
            connection.close()
            raise
        return connection

    # Threads of this process wait for each other without a connection each.
    with _THREADS[key], outlast(acquire) as connection:
        try:
            yield
        finally:
            # A server that was restarted meanwhile has forgotten it.
            with suppress(SQLAlchemyError):
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def quiet_optuna() -> None:
    """Disable Optuna's log line for each trial, and its advice on heartbeats; casebook has its own of both."""
    warnings.filterwarnings("ignore", message="Heartbeat of storage is supposed to be used with")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
