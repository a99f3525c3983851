"""MLflow's SQLite store: made once, whoever comes first, correct after a move, and used in turn."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import sqlite3
import sys
from contextlib import closing, contextmanager, nullcontext, suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import TYPE_CHECKING

import click
import psutil
from filelock import FileLock

from casebook.config.paths import ARTIFACTS, STORE, store_file
from casebook.runtime.atomic_files import written_whole
from casebook.tracking.disk_space import describe_full_disk
from casebook.tracking.relocation import read_location, relocate_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kedro.framework.context import KedroContext

LOGGER = logging.getLogger(__name__)
PREFIX = "sqlite:///"
# So begin the names of copies of stores that cannot be written; the process's number follows.
COPY = "casebook-store-"


class StoreError(click.ClickException):
    """The store cannot be used; the message says why and what to do."""


def create_store_once(uri: str) -> None:
    """Make sure of a store that runs are written to: its tables are there, and its paths those of today.

    Args:
        uri: MLflow's tracking address; only SQLite files need this.

    Raises:
        StoreError: nothing can be written there.
    """
    if not uri.startswith(PREFIX):
        return
    file = Path(uri.removeprefix(PREFIX))
    if not is_writable(file):
        raise StoreError(
            f"{file} lies where nothing can be written: copy the project to a folder of yours, or name another store "
            "in MLFLOW_TRACKING_URI"
        )
    try:
        _create_store_once(uri, file)
    except (OSError, sqlite3.Error) as error:
        full = describe_full_disk(error)
        # Errors of SQLite's own class, and of no narrower one, are about what the file holds.
        if not full and type(error) is not sqlite3.DatabaseError:
            raise
        damaged = f"{file} is damaged ({error}): put a copy of it in its place, or move it away and begin a new store"
        raise StoreError(full or damaged) from error


def _create_store_once(uri: str, file: Path) -> None:
    """Create the tables under a lock: two processes that start on a fresh file would break each other's.

    MLflow makes them by all changes of its history, which takes seconds; they are kept in the environment and copied
    for the next new store.
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
            kept = kept_tables()
            if _is_whole(kept) and not file.exists():
                with written_whole(file) as path:
                    shutil.copyfile(kept, path)
            from mlflow import MlflowClient

            MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
            if not kept.exists():
                # An environment may belong to somebody else, or its disk be full: the store is there all the same.
                with suppress(OSError, sqlite3.Error):
                    _keep_tables(file, kept)
        if root:
            relocate_store(file, root)


def open_to_read(uri: str) -> str:
    """Make sure of a store that only answers are taken from, which may lie where nothing can be written.

    Args:
        uri: MLflow's tracking address.

    Returns:
        The address to read at: this one, or that of a copy with the paths of today, removed when the process ends.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    file = Path(uri.removeprefix(PREFIX))
    if not uri.startswith(PREFIX) or is_writable(file):
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
    return f"{PREFIX}{copy}"


def _new_copy_folder() -> Path:
    """Make a temporary folder that goes with this process; those of killed ones are removed now."""
    for left in Path(gettempdir()).glob(f"{COPY}*"):
        number = left.name.removeprefix(COPY).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(mkdtemp(prefix=f"{COPY}{os.getpid()}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def project_of(file: Path) -> Path | None:
    """Return the project that a store is the default one of; one that the user named is left as it is."""
    own = not os.environ.get("MLFLOW_TRACKING_URI") and file == store_file()
    return file.parents[len(STORE.parts) - 1] if own else None


def is_writable(file: Path) -> bool:
    """Return whether a file can be written, or made, and others beside it; on read-only disks not even root can."""
    there = next(folder for folder in file.parents if folder.exists())
    return os.access(there, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def _is_ready(file: Path, expected: str | None) -> bool:
    """Return whether nothing is to be done: the tables are there, and artifacts lie where they are expected."""
    found = read_location(file)
    return bool(found) and expected in {None, found}


def kept_tables() -> Path:
    """Give the file in the environment that holds the tables of this version of MLflow, all but empty."""
    return Path(sys.prefix) / "share" / "casebook" / f"mlflow-{version('mlflow')}.db"


def _is_whole(kept: Path) -> bool:
    """Return whether kept tables can be used; damaged ones are removed, which is said."""
    if not kept.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{kept.as_uri()}?mode=ro", uri=True)) as store:
            found = store.execute("PRAGMA quick_check").fetchone()[0]
            tables = store.execute("SELECT count(*) FROM sqlite_master WHERE name = 'experiments'").fetchone()[0]
    except sqlite3.Error as error:
        found, tables = str(error), 0
    if found == "ok" and tables:
        return True
    found = "no tables" if found == "ok" else found
    LOGGER.warning("%s is damaged (%s) and is removed: MLflow makes the tables of a new store anew", kept, found)
    with suppress(OSError):
        kept.unlink()
    return False


def _keep_tables(file: Path, kept: Path) -> None:
    """Keep a new store's tables without its default experiment, whose artifacts lie in this project."""
    with written_whole(kept) as path, closing(sqlite3.connect(file)) as store, closing(sqlite3.connect(path)) as copy:
        store.backup(copy)
        with copy:
            copy.execute("DELETE FROM experiments")


@contextmanager
def turn_at_store(what: str) -> Iterator[None]:
    """Wait until no other process of this machine does the same at the store; one on a server is not locked.

    Args:
        what: part of the lock file's name, which lies beside the store.
    """
    import mlflow

    uri = mlflow.get_tracking_uri()
    file = Path(uri.removeprefix(PREFIX))
    with FileLock(file.with_name(f"{what}.lock")) if uri.startswith(PREFIX) else nullcontext():
        yield


def set_up_experiment(context: KedroContext) -> None:
    """Let kedro-mlflow set up the experiment that it was told of, which another launch may be making just now."""
    from mlflow.exceptions import MlflowException

    try:
        context.mlflow.setup(context)  # type: ignore[attr-defined]
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        context.mlflow.setup(context)  # type: ignore[attr-defined]


def is_complete(file: Path) -> bool:
    """Return whether the tables are there; the default experiment is the last thing that MLflow writes."""
    return bool(read_location(file))
