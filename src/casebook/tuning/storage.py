"""Where a study is kept: a journal file, or a database that several machines reach."""

from __future__ import annotations

import zlib
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock

from casebook.config.extras import MissingExtraError, require_extra
from casebook.tuning.hyperparameters import SpaceError

if TYPE_CHECKING:
    from collections.abc import Iterator

JOURNAL = "journal:///"
POSTGRESQL = "postgresql"
DRIVER = f"{POSTGRESQL}+psycopg:"


class KernelLock(BaseJournalFileLock):
    """A lock that the kernel releases when its process is killed; Optuna's own ones then wait for 30 seconds."""

    def __init__(self, path: str) -> None:
        """Lock a file beside the journal."""
        self._lock = FileLock(f"{path}.lock")

    def acquire(self) -> bool:
        """Wait for the lock."""
        self._lock.acquire()
        return True

    def release(self) -> None:
        """Let the next one in."""
        self._lock.release()


def open_storage(address: str) -> BaseStorage:
    """Open a storage by its address.

    Args:
        address: `journal:///<file>`, or an SQLAlchemy address such as `postgresql://user@host/name`.

    Raises:
        SpaceError: the address cannot be used.
    """
    if address.startswith(JOURNAL):
        file = Path(address.removeprefix(JOURNAL))
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            return JournalStorage(JournalFileBackend(str(file), lock_obj=KernelLock(str(file))))
        except (ValueError, KeyError, TypeError) as error:
            raise SpaceError(f"{file} is damaged ({error}): move it away, and its studies begin anew") from None
    if "://" not in address:
        raise SpaceError(f"study.storage {address!r}: give journal:///<file> or postgresql://<user>@<host>/<name>")
    named = f"study.storage {hide_password(address)}"
    try:
        if complete(address).startswith(DRIVER):
            require_extra("postgres", named)
        return RDBStorage(complete(address), engine_kwargs={"pool_pre_ping": True})
    except MissingExtraError as error:
        raise SpaceError(str(error)) from None
    except ImportError as error:
        raise SpaceError(f"{named}: {error}; install the driver that the address names") from error


def complete(address: str) -> str:
    """Name the driver that casebook brings, where an address of PostgreSQL names none."""
    scheme, rest = address.split("://", 1)
    return f"{DRIVER}//{rest}" if scheme in {POSTGRESQL, "postgres"} else address


@contextmanager
def exclusive(storage: BaseStorage, address: str, name: str) -> Iterator[None]:
    """Let one process at a time, on any machine, look at a study and change it by what it saw.

    Args:
        storage: see `open_storage`.
        address: its address.
        name: of the study.
    """
    if address.startswith(JOURNAL):
        with FileLock(f"{address.removeprefix(JOURNAL)}.{name}.lock"):
            yield
        return
    locks = isinstance(storage, RDBStorage) and complete(address).startswith(POSTGRESQL)
    with _locked_row(storage, name) if locks else nullcontext():  # type: ignore[arg-type]
        yield


@contextmanager
def _locked_row(storage: RDBStorage, name: str) -> Iterator[None]:
    """Hold one of PostgreSQL's advisory locks; it goes with its connection, whatever becomes of the process."""
    from sqlalchemy import text

    key = zlib.crc32(f"casebook {name}".encode())
    with storage.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def hide_password(address: str) -> str:
    """Leave the password out of a storage's address."""
    scheme, _, rest = address.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user.split(':')[0]}{at}{host}"


def quiet_optuna() -> None:
    """Leave the console to casebook's own line a trial."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
