"""MLflow's SQLite store: made once, whoever comes first, and used in turn where two would be in each other's way."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing, contextmanager, nullcontext, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from casebook.whole import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kedro.framework.context import KedroContext

PREFIX = "sqlite:///"


def create_store_once(uri: str) -> None:
    """Create the store's tables under a lock: two processes that start on a fresh file would break each other's.

    MLflow makes them by all changes of its history, which takes seconds; they are kept in the environment and copied
    for the next new store.

    Args:
        uri: MLflow's tracking address; only SQLite files need this.
    """
    if not uri.startswith(PREFIX):
        return
    file, kept = Path(uri.removeprefix(PREFIX)), kept_tables()
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        if is_complete(file):
            return
        if kept.exists() and not file.exists():
            with written_whole(file) as path:
                shutil.copyfile(kept, path)
        from mlflow import MlflowClient

        MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
        if not kept.exists():
            # An environment may belong to somebody else, or its disk be full: the store is there all the same.
            with suppress(OSError, sqlite3.Error):
                _keep_tables(file, kept)


def kept_tables() -> Path:
    """Give the file in the environment that holds the tables of this version of MLflow, all but empty."""
    return Path(sys.prefix) / "share" / "casebook" / f"mlflow-{version('mlflow')}.db"


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
    """Tell whether the tables are there; the default experiment is the last thing that MLflow writes."""
    if not file.exists():
        return False
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'experiments'").fetchone()[0]
        return bool(tables and connection.execute("SELECT count(*) FROM experiments").fetchone()[0])
