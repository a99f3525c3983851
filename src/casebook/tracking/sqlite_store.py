"""MLflow's SQLite store: created once under a lock, relocated after a move, copied where it is read-only."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import TYPE_CHECKING

import click
import psutil
from filelock import FileLock

from casebook.config.paths import ARTIFACTS, STORE, store_file
from casebook.runtime.atomic_files import atomic_write
from casebook.tracking.cached_tables import are_usable, cache_tables, cached_tables
from casebook.tracking.disk_space import describe_full_disk
from casebook.tracking.relocation import read_location, relocate_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kedro.framework.context import KedroContext

SQLITE_PREFIX = "sqlite:///"
# So begin the names of copies of stores that cannot be written; the process's number follows.
COPY_PREFIX = "casebook-store-"


class StoreError(click.ClickException):
    """A store that cannot be used; the message says why and what to do."""


def create_store_once(uri: str) -> None:
    """Create the store that runs are written to, unless it is there, and relocate its paths after a move.

    Args:
        uri: MLflow's tracking address; only SQLite files need this.

    Raises:
        StoreError: nothing can be written there.
    """
    if not uri.startswith(SQLITE_PREFIX):
        return
    file = Path(uri.removeprefix(SQLITE_PREFIX))
    if not is_writable(file):
        raise StoreError(explain_read_only(file))
    try:
        _create_store_once(uri, file)
    except (OSError, sqlite3.Error) as error:
        full = describe_full_disk(error)
        # Errors of SQLite's own class, and of no narrower one, are about what the file holds.
        if not full and type(error) is not sqlite3.DatabaseError:
            raise
        damaged = f"{file} is damaged ({error}): put a copy of it in its place, or move it away and begin a new store"
        raise StoreError(full or damaged) from error


def explain_read_only(file: Path) -> str:
    """Explain that runs cannot be kept in a store, and what to do."""
    return (
        f"{file} lies where nothing can be written: copy the project to a folder of yours, or name another store in "
        "MLFLOW_TRACKING_URI"
    )


def open_to_use_models(uri: str) -> str:
    """Make sure of a store whose models are used; where it can only be read, runs are kept in a copy that goes again.

    Args:
        uri: MLflow's tracking address.

    Returns:
        The address to use: this one, or that of a copy, removed when the process ends.

    Raises:
        StoreError: there is no store, and none can be made.
    """
    file = Path(uri.removeprefix(SQLITE_PREFIX))
    if not uri.startswith(SQLITE_PREFIX) or is_writable(file) or not file.exists():
        create_store_once(uri)
        return uri
    copied = open_read_only(uri)
    copy = Path(copied.removeprefix(SQLITE_PREFIX))
    with closing(sqlite3.connect(copy)) as store, store:
        store.execute("UPDATE experiments SET artifact_location = ?", [(copy.parent / ARTIFACTS.name).as_uri()])
    return copied


def _create_store_once(uri: str, file: Path) -> None:
    """Create the tables under a lock: two processes that start on a fresh file would break each other's.

    MLflow creates them by all migrations of its history, which takes seconds; they are cached in the environment and
    copied for the next new store.
    """
    root = project_of(file)
    expected = (root / ARTIFACTS).as_uri() if root else None
    if _is_ready(file, expected):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if _is_ready(file, expected):
            return
        if not is_complete(file):
            kept = cached_tables()
            if are_usable(kept) and not file.exists():
                with atomic_write(file) as path:
                    shutil.copyfile(kept, path)
            from mlflow import MlflowClient

            MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
            if not kept.exists():
                # An environment may belong to somebody else, or its disk be full: the store is there all the same.
                with suppress(OSError, sqlite3.Error):
                    cache_tables(file, kept)
        if root:
            relocate_store(file, root)


def open_read_only(uri: str) -> str:
    """Open a store for reading only; one in a read-only folder is copied.

    Args:
        uri: MLflow's tracking address.

    Returns:
        The address to read at: this one, or that of a relocated copy, removed when the process ends.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    file = Path(uri.removeprefix(SQLITE_PREFIX))
    if not uri.startswith(SQLITE_PREFIX) or is_writable(file):
        create_store_once(uri)
        return uri
    copy, root = _new_copy_folder() / file.name, project_of(file)
    try:
        source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
        with closing(source), closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        raise StoreError(f"{file} cannot be read ({error}), and its folder cannot be written to") from error
    if root and is_complete(copy):
        relocate_store(copy, root)
    return f"{SQLITE_PREFIX}{copy}"


def _new_copy_folder() -> Path:
    """Create a temporary folder that is removed when this process ends; remove those of killed processes."""
    for left in Path(gettempdir()).glob(f"{COPY_PREFIX}*"):
        number = left.name.removeprefix(COPY_PREFIX).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(mkdtemp(prefix=f"{COPY_PREFIX}{os.getpid()}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def project_of(file: Path) -> Path | None:
    """Return the project whose default store this is; None for a store that the user named."""
    own = not os.environ.get("MLFLOW_TRACKING_URI") and file == store_file()
    return file.parents[len(STORE.parts) - 1] if own else None


def is_writable(file: Path) -> bool:
    """Return whether a file, and others beside it, can be written or created; on read-only disks not even root can."""
    there = next(folder for folder in file.parents if folder.exists())
    return os.access(there, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def _is_ready(file: Path, expected: str | None) -> bool:
    """Return whether the tables are there and artifacts lie where they are expected."""
    found = read_location(file)
    return bool(found) and expected in {None, found}


@contextmanager
def lock_store(what: str) -> Iterator[None]:
    """Lock the store for one operation against other processes of this machine; a server's is not locked.

    Args:
        what: name of the operation, and of the lock file beside the store.
    """
    import mlflow

    uri = mlflow.get_tracking_uri()
    file = Path(uri.removeprefix(SQLITE_PREFIX))
    with FileLock(file.with_name(f"{what}.lock")) if uri.startswith(SQLITE_PREFIX) else nullcontext():
        yield


def set_up_experiment(context: KedroContext) -> None:
    """Set up kedro-mlflow's experiment; retry where another launch has created it in between."""
    from mlflow.exceptions import MlflowException

    try:
        context.mlflow.setup(context)  # type: ignore[attr-defined]
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        context.mlflow.setup(context)  # type: ignore[attr-defined]


def is_complete(file: Path) -> bool:
    """Return whether the tables are complete; the default experiment is the last thing that MLflow writes."""
    return bool(read_location(file))
